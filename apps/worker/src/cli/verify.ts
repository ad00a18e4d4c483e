/**
 * `npm run verify -- [--json] bundle.zip …`: re-opens every file of bundles and tells what is wrong with them. Ends with 0
 * where all are sound, 1 where one has a fault, 2 where one could not be read at all, or the command is not understood.
 */
import { parseArgs } from 'node:util';
import { renderReport } from '../verify/report.js';
import { verifyFile } from '../verify/verify-bundle.js';

const USAGE = 'Usage: npm run verify -- [--json] bundle.zip …';

async function main(): Promise<number> {
  let asked: { values: { json?: boolean }; positionals: string[] };
  try {
    asked = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return 2;
  }
  const { values, positionals } = asked;
  if (positionals.length === 0) {
    console.error(USAGE);
    return 2;
  }
  let code = 0;
  for (const path of positionals) {
    try {
      const verified = await verifyFile(path);
      if (verified.faults.length > 0) code = Math.max(code, 1);
      if (values.json) console.log(JSON.stringify({ bundle: path, sound: verified.faults.length === 0, ...verified }));
      else console.log(`${path}\n\n${renderReport(verified)}`);
    } catch (error) {
      console.error(`${path} cannot be verified: ${(error as Error).message}`);
      code = 2;
    }
  }
  return code;
}

process.exitCode = await main();
