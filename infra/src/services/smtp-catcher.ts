/** An SMTP server that keeps what it gets: stands in for a mail relay in demos and tests. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';

export interface CaughtMail {
  /** The `.eml` file, named by the Message-ID: a mail that came twice is one file, and two entries of `mails()`. */
  file: string;
  /** Without its angle brackets; empty where the mail has none. */
  messageId: string;
  from: string;
  to: string[];
  /** The whole message as it came (RFC 5322). */
  raw: string;
}

export interface SmtpCatcher {
  /** `smtp://127.0.0.1:port` */
  url: string;
  port: number;
  /** Folder of the `.eml` files. */
  dir: string;
  /** Every mail that was taken, in order. */
  mails(): CaughtMail[];
  /** The first mail, earlier ones included, that `wanted` says yes to. Throws when none came within `timeoutMs` (default 30 s). */
  waitForMail(wanted: (mail: CaughtMail) => boolean, timeoutMs?: number): Promise<CaughtMail>;
  /** Answers the next `count` mails with this SMTP code (default 451, "try again") instead of taking them. */
  refuseNext(count: number, code?: number): void;
  stop(): Promise<void>;
}

/**
 * Listens on a free port of 127.0.0.1, without sign-in and without TLS.
 * @param options.dir where the `.eml` files go; without it into a folder that goes with `stop`
 */
export async function startSmtpCatcher(options: { dir?: string } = {}): Promise<SmtpCatcher> {
  const dir = options.dir ? resolve(options.dir) : mkdtempSync(join(tmpdir(), 'parcelpost-mail-'));
  mkdirSync(dir, { recursive: true });
  const mails: CaughtMail[] = [];
  const waiting = new Set<() => void>();
  const refusals: number[] = [];

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 500,
    onData(stream, session, callback) {
      read(stream).then(
        (raw) => {
          const refusal = refusals.shift();
          if (refusal !== undefined) {
            callback(Object.assign(new Error('refused, as was asked of this catcher'), { responseCode: refusal }));
            return;
          }
          mails.push(keep(dir, raw, session, mails.length));
          callback(null);
          for (const look of waiting) look();
        },
        (error: Error) => callback(error),
      );
    },
  });
  // Clients that hang up are their own affair.
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;

  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    dir,
    mails: () => [...mails],
    refuseNext: (count, code = 451) => {
      for (let i = 0; i < count; i += 1) refusals.push(code);
    },
    waitForMail: (wanted, timeoutMs = 30_000) =>
      new Promise((done, fail) => {
        const look = () => {
          const found = mails.find(wanted);
          if (!found) return;
          waiting.delete(look);
          clearTimeout(timer);
          done(found);
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          fail(
            new Error(
              `no such mail within ${timeoutMs} ms; ${mails.length} came: ${mails.map((mail) => mail.messageId).join(', ')}`,
            ),
          );
        }, timeoutMs);
        waiting.add(look);
        look();
      }),
    stop: async () => {
      await new Promise<void>((done) => server.close(done));
      if (!options.dir) rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function read(stream: SMTPServerDataStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function keep(dir: string, raw: string, session: SMTPServerSession, number: number): CaughtMail {
  const messageId = /^message-id:\s*<([^>]*)>/im.exec(raw.slice(0, raw.search(/\r?\n\r?\n/)))?.[1] ?? '';
  const name =
    messageId
      .replaceAll(/[^\w.@-]+/g, '_')
      .replace(/^\.+/, '')
      .slice(0, 200) || `mail-${number + 1}`;
  const file = join(dir, `${name}.eml`);
  // Whoever watches the folder never sees half a mail.
  writeFileSync(`${file}.part`, raw);
  renameSync(`${file}.part`, file);
  const { mailFrom, rcptTo } = session.envelope;
  return { file, messageId, from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address), raw };
}
