/** What every command of ours has in common: an orderly end, whether it is done, fails, or is interrupted. */

export interface CommandContext {
  /** Registers what is to be done at the end; the last registered is done first. */
  atEnd(ending: () => Promise<unknown>): void;
  /** Resolves when somebody asks the command to end (Ctrl-C, SIGTERM, a closed terminal). An end is then no failure. */
  untilToldToEnd(): Promise<void>;
}

/**
 * Runs a command and ends this process: with the code that `main` returns, 1 with the message where it throws, 130 when
 * it is interrupted. Whatever happens, what was registered to be done at the end is done before, once.
 */
export async function runCommand(main: (context: CommandContext) => Promise<number>): Promise<never> {
  const endings: (() => Promise<unknown>)[] = [];
  let expected = false;
  // A terminal sends Ctrl-C to every process of its group, and npm passes it on once more: only the first one counts.
  const interrupted = new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => done());
  });
  const context: CommandContext = {
    atEnd: (ending) => endings.push(ending),
    untilToldToEnd: () => {
      expected = true;
      return interrupted;
    },
  };
  let over = false;
  const fail = (error: unknown) => {
    // Work that is cut short by the end of its services fails, which is nobody's news.
    if (over) return 1;
    console.error(error instanceof Error ? error.message : error);
    if (process.env.LOG_LEVEL === 'debug' || process.env.LOG_LEVEL === 'trace') console.error(error);
    return 1;
  };
  const code = await Promise.race([main(context).catch(fail), interrupted.then(() => (expected ? 0 : 130))]);
  over = true;
  let worst = code;
  // What was begun while it was being interrupted registers its end late: hence no fixed list.
  for (let ending = endings.pop(); ending; ending = endings.pop()) {
    await ending().catch((error: Error) => {
      console.error(error.message);
      worst ||= 1;
    });
  }
  process.exit(worst);
}
