/** People who watch an export: connected event streams, each of which notes when it was told of the end. */
import { request } from 'node:http';

export interface Viewers {
  /** Resolves when every stream has had its first event. */
  connected: Promise<void>;
  /** For each, when it was told of the end and in which state (`performance` of this process); undefined for one that broke off before. */
  ends: Promise<({ at: number; state: string } | undefined)[]>;
  /** Events that all of them got so far. */
  events(): number;
}

/** Connections that are begun at once: a server has only so many on its doorstep. */
const AT_ONCE = 50;

/** Connects so many streams to the events of an export. */
export function watch(count: number, url: string, bearer: string): Viewers {
  let events = 0;
  const settled: Promise<{ at: number; state: string } | undefined>[] = [];
  const connected = (async () => {
    for (let begun = 0; begun < count; begun += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - begun) }, () =>
        stream(url, bearer, () => {
          events += 1;
        }),
      );
      settled.push(...some.map(({ end }) => end));
      await Promise.all(some.map(({ first }) => first));
    }
  })();
  return { connected, ends: connected.then(() => Promise.all(settled)), events: () => events };
}

function stream(url: string, bearer: string, heard: () => void) {
  let isFirst!: () => void;
  let failed!: (error: Error) => void;
  const first = new Promise<void>((done, fail) => {
    isFirst = done;
    failed = fail;
  });
  const end = new Promise<{ at: number; state: string } | undefined>((done) => {
    const call = request(url, { headers: { authorization: `Bearer ${bearer}` }, agent: false }, (response) => {
      if (response.statusCode !== 200) failed(new Error(`${url} answered ${response.statusCode}`));
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const [, event, data] = /^event: (\w+)\ndata: (.*)$/m.exec(block) ?? [];
          if (event === undefined) continue;
          heard();
          isFirst();
          if (event === 'end') done({ at: performance.now(), state: JSON.parse(data ?? '{}').state });
        }
      });
      response.on('close', () => done(undefined)).on('error', () => {});
    });
    call.on('error', (error) => {
      failed(error);
      done(undefined);
    });
    call.end();
  });
  return { first, end };
}
