/**
 * Watches an export until it is decided: by its events (server-sent events, WHATWG HTML 9.2) where they come through, else
 * by asking again. A service that restarts, or a network that is gone for a while, is waited for.
 */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { type Client, LONG_MS, left, SILENCE_MS } from './client.js';
import { CliError, isTransient } from './errors.js';
import { EXIT } from './exit-codes.js';
import { type ExportProgress, type ExportView, progressOf } from './export-view.js';

export interface FollowOptions {
  onProgress(progress: ExportProgress): void;
  /** Stop watching after so long, in milliseconds. */
  timeoutMs?: number | undefined;
  /** Pause between two looks where there are no events. */
  pollMs?: number;
}

/** A service that wants a broken stream to be opened later is obeyed for so long. */
const MOST_BACK_MS = 10_000;
/** An event that is longer is none of ours. */
const MOST_EVENT_CHARACTERS = 1024 * 1024;
/** What a look may take that is begun when the time is over: the export may have come to its end with it. */
const LAST_LOOK_MS = 1000;

/**
 * @returns the export once it has its outcome
 * @throws {CliError} `still-running` after `timeoutMs`, also where the service has been away since it was last heard; as a request where the export is not to be seen (any more), or the
 *   service stays silent for longer than our patience
 */
export async function follow(client: Client, id: string, options: FollowOptions): Promise<ExportView> {
  const { onProgress, timeoutMs, pollMs = 2000 } = options;
  const until = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  let byEvents = true;
  let patience: number | undefined;
  let short = 0;
  const pauses = { backMs: 250 };
  for (;;) {
    const view = await look(client, id, { patience, until, timeoutMs });
    // It has answered: from now on a restart is worth waiting for.
    patience = LONG_MS;
    if (view.outcome !== null) return view;
    onProgress(progressOf(view));
    if (Date.now() >= until) throw stillRunning(timeoutMs ?? 0);
    if (byEvents) {
      const begun = Date.now();
      const heard = await listen(client, id, until, onProgress, pauses);
      if (heard === 'decided') continue;
      byEvents = heard !== 'no-events';
      // Streams that end at once are not worth having.
      short = Date.now() - begun < 1000 ? short + 1 : 0;
      if (short > 3) byEvents = false;
    }
    await client.sleep(Math.max(0, Math.min(byEvents ? pauses.backMs * (short + 1) : pollMs, until - Date.now())));
  }
}

/** Asks for the export. Where the time is over before the service is back, that is what is told: it was there before. */
async function look(
  client: Client,
  id: string,
  { patience, until, timeoutMs = 0 }: { patience: number | undefined; until: number; timeoutMs: number | undefined },
): Promise<ExportView> {
  const end = Math.max(until, Date.now() + LAST_LOOK_MS);
  const isBounded = patience !== undefined && end <= Date.now() + client.patience(patience);
  try {
    return await client.export(id, { patienceMs: patience, until: end });
  } catch (error) {
    if (!isBounded || !isTransient(error)) throw error;
    await client.sleep(Math.max(0, until - Date.now()));
    throw stillRunning(timeoutMs);
  }
}

/** Reads events until the stream ends, however it does, or the time is over. `pauses.backMs`: when to come back, as the service wants it. */
async function listen(
  client: Client,
  id: string,
  until: number,
  onProgress: (progress: ExportProgress) => void,
  pauses: { backMs: number },
): Promise<'decided' | 'broken' | 'no-events'> {
  let decided = false;
  const onEvent = ({ event, data }: EventSourceMessage) => {
    if (event === 'end') decided = true;
    if (event !== 'progress') return;
    try {
      onProgress(JSON.parse(data) as ExportProgress);
    } catch {
      // An event that cannot be read tells nothing; the state itself is asked for at the end.
    }
  };
  try {
    const headers = { accept: 'text/event-stream' };
    const response = await client.open(`api/v1/exports/${id}/events`, { headers, until });
    if (!/^text\/event-stream/i.test(response.headers.get('content-type') ?? '')) {
      await response.body?.cancel();
      return 'no-events';
    }
    const onRetry = (ms: number) => {
      pauses.backMs = Math.min(ms, MOST_BACK_MS);
    };
    const parser = createParser({ onEvent, onRetry, maxBufferSize: MOST_EVENT_CHARACTERS });
    const decoder = new TextDecoder();
    for await (const chunk of client.chunks(response, () => left(SILENCE_MS, until))) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      if (decided) return 'decided';
    }
    return 'broken';
  } catch (error) {
    client.signal.throwIfAborted();
    // So many watch that the service would rather be asked now and then.
    if (error instanceof CliError && error.code === 'too-many-streams') return 'no-events';
    if (isTransient(error)) return 'broken';
    // Whether the export itself is to be seen is found out by asking for it.
    if (error instanceof CliError && error.details.status !== undefined) return 'no-events';
    throw error;
  }
}

function stillRunning(timeoutMs: number): CliError {
  return new CliError(
    EXIT.unreachable,
    'still-running',
    `The export has not come to its end within ${Math.round(timeoutMs / 1000)} s. It goes on.`,
  );
}
