/**
 * Runs something for as long as it may take. Whoever runs it gets a signal and should heed it; one that does not is left
 * behind, so that a worker never waits for what does not end.
 * @param ms undefined: no limit but the signal
 * @param late what to reject with when time is up; also the reason of the signal that `run` gets
 * @throws `late()`, or the reason of `signal`, or what `run` throws
 */
export async function withTimeLimit<Value>(
  ms: number | undefined,
  signal: AbortSignal,
  late: () => Error,
  run: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const clock = new AbortController();
  const timer = ms === undefined ? undefined : setTimeout(() => clock.abort(late()), ms);
  const both = AbortSignal.any([signal, clock.signal]);
  const stopped = new Promise<never>((_, reject) => {
    if (both.aborted) reject(both.reason);
    both.addEventListener('abort', () => reject(both.reason), { once: true });
  });
  try {
    return await Promise.race([stopped, run(both)]);
  } finally {
    clearTimeout(timer);
  }
}
