import { expect, it } from 'vitest';
import { withTimeLimit } from './time-limit.js';

const never = new Promise<never>(() => {});
const late = () => new Error('late');

it('gives what was run', async () => {
  expect(await withTimeLimit(60_000, new AbortController().signal, late, async () => 'done')).toBe('done');
  expect(await withTimeLimit(undefined, new AbortController().signal, late, async () => 'done')).toBe('done');
});

it('tells what is run that its time is up, and does not wait for one that does not heed it', async () => {
  let given: AbortSignal | undefined;
  const run = (signal: AbortSignal) => {
    given = signal;
    return never;
  };
  await expect(withTimeLimit(5, new AbortController().signal, late, run)).rejects.toThrow('late');
  expect(given?.reason).toMatchObject({ message: 'late' });
});

it('rejects with the reason of the signal when that comes first', async () => {
  const stop = new AbortController();
  const running = withTimeLimit(60_000, stop.signal, late, () => never);
  stop.abort('shutdown');
  await expect(running).rejects.toBe('shutdown');
  await expect(withTimeLimit(60_000, stop.signal, late, () => never)).rejects.toBe('shutdown');
});
