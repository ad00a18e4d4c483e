/**
 * A mock platform in a process of its own: `node main.js '<settings as JSON>'`. Prints `{"url": …}` once it listens, and ends
 * with its standard input, so that it cannot outlive whoever started it.
 */
import { startMockPlatform } from './platform.js';
import type { Settings } from './settings.js';

const platform = await startMockPlatform(JSON.parse(process.argv[2] ?? '{}') as Partial<Settings>);
process.stdin.on('close', () => process.exit(0)).resume();
process.stdout.write(`${JSON.stringify({ url: platform.url })}\n`);
