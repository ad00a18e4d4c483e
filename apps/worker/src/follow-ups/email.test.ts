import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { type AddressObject, type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import {
  EXPORT_ID,
  FOLLOW_UP_ID,
  failureInput,
  followUpContext,
  PAGE,
  PUBLIC_URL,
  successInput,
} from '../../../../test/support/follow-ups.js';
import { createEmailHandler, type EmailOptions } from './email.js';
import { type FollowUpError, PermanentFollowUpError } from './errors.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Relay {
  url: string;
  /** Raw messages with their envelopes, in order. */
  mails: { raw: string; to: string[] }[];
}

/** A real SMTP server that keeps what it takes; `options` make it refuse. */
async function relay(options: SMTPServerOptions = {}, login = ''): Promise<Relay> {
  const mails: Relay['mails'] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: login === '' ? ['AUTH', 'STARTTLS'] : ['STARTTLS'],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    onData(stream, session, callback) {
      let raw = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        raw += chunk;
      });
      stream.on('end', () => {
        mails.push({ raw, to: session.envelope.rcptTo.map(({ address }) => address) });
        callback(null);
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  closing.push(() => new Promise<void>((done) => server.close(done)));
  const { port } = server.server.address() as AddressInfo;
  return { url: `smtp://${login}127.0.0.1:${port}`, mails };
}

function handler(smtpUrl: string, options: Partial<EmailOptions> = {}) {
  const made = createEmailHandler({
    smtpUrl,
    from: 'Parcelpost <post@maps.example.org>',
    publicUrl: PUBLIC_URL,
    ...options,
  });
  closing.push(() => made.close());
  return made.handle;
}

const failing = (sending: Promise<unknown>) =>
  sending.then(
    () => expect.fail('should have failed'),
    (error: FollowUpError) => error,
  );
const refusal = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });
const addresses = (field: AddressObject | AddressObject[] | undefined) =>
  [field ?? []].flat().flatMap(({ value }) => value.map(({ address }) => address));
const parse = (mail: { raw: string } | undefined): Promise<ParsedMail> => simpleParser(mail?.raw ?? '');

describe('a mail that arrives', () => {
  it('reads, by an independent parser, as it was meant: subject, sender, text and HTML alike in five scripts', async () => {
    const { url, mails } = await relay();
    const name = 'Límites Đất 土地 زمین जमीन';
    const input = successInput({
      project: { organization: 'cadasta', slug: 'limites', name },
      warnings: [`"${name}" <b>&</b>`],
    });
    const result = await handler(url)(input, { to: ['ana@example.org'] }, followUpContext());

    const mail = await parse(mails[0]);
    expect(result).toEqual({ messageId: mail.messageId, accepted: ['ana@example.org'], refused: [] });
    expect(mail.subject).toBe(`Export of ${name} is ready`);
    expect(mail.from?.value).toEqual([{ name: 'Parcelpost', address: 'post@maps.example.org' }]);
    expect(addresses(mail.to)).toEqual(['ana@example.org']);
    for (const said of [name, PAGE, '2026-03-05_london-2_shp.zip', '1.41 MB', '4,100', '12 March 2026 at 14:05 UTC']) {
      expect(mail.text).toContain(said);
      expect(mail.html).toContain(said);
    }
    expect(mail.text).toContain(`"${name}" <b>&</b>`);
    expect(mail.html).toContain(`&quot;${name}&quot; &lt;b&gt;&amp;&lt;/b&gt;`);
    expect(mail.attachments).toEqual([]);
    // RFC 5322 2.1.1: no line is longer than 998 characters; all of it is ASCII, for every relay.
    expect(Math.max(...(mails[0]?.raw ?? '').split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is checked
    expect(mails[0]?.raw).toMatch(/^[\x00-\x7f]*$/);
  });

  it('says that a machine wrote it, so that no out-of-office note answers', async () => {
    const { url, mails } = await relay();
    await handler(url)(successInput(), { to: 'ana@example.org' }, followUpContext());
    expect((await parse(mails[0])).headers.get('auto-submitted')).toBe('auto-generated');
  });

  it('carries the follow-up’s id as its Message-ID, the same at every try', async () => {
    const { url, mails } = await relay();
    const run = handler(url);
    for (const attempt of [1, 2]) await run(successInput(), { to: ['ana@example.org'] }, followUpContext({ attempt }));
    const ids = await Promise.all(mails.map(async (mail) => (await parse(mail)).messageId));
    expect(ids).toEqual([`<${FOLLOW_UP_ID}@maps.example.org>`, `<${FOLLOW_UP_ID}@maps.example.org>`]);
  });

  it('about a failure it says what happened and what to do', async () => {
    const { url, mails } = await relay();
    await handler(url)(failureInput(), { to: ['ana@example.org'] }, followUpContext());
    const mail = await parse(mails[0]);
    expect(mail.subject).toBe('Export of London 2 failed');
    for (const said of ['The platform answered 502', 'What to do', 'ask for the export again', EXPORT_ID, PAGE]) {
      expect(mail.text).toContain(said);
      expect(mail.html).toContain(said);
    }
  });

  it('cannot be given headers or recipients by a project’s name, a person’s or a subject', async () => {
    const { url, mails } = await relay();
    const evil = 'X\r\nBcc: eve@example.org\r\n\r\n<p>';
    const input = successInput({
      project: { organization: evil, slug: evil, name: evil },
      requestedBy: { id: 'x', name: evil },
      file: { ...successInput().result.file, name: evil },
      warnings: [evil],
    });
    const run = handler(url);
    await run(input, { to: ['ana@example.org'] }, followUpContext());
    const error = await failing(run(input, { to: ['ana@example.org'], subject: evil }, followUpContext()));
    expect(error).toBeInstanceOf(PermanentFollowUpError);
    expect(mails.map(({ to }) => to)).toEqual([['ana@example.org']]);
    const mail = await parse(mails[0]);
    expect(mail.headers.has('bcc')).toBe(false);
    expect(mail.subject).toBe('Export of X Bcc: eve@example.org <p> is ready');
  });

  it('goes to every address of the list in one message, on one pooled connection for many mails', async () => {
    let connections = 0;
    const { url, mails } = await relay({
      onConnect(_session, callback) {
        connections += 1;
        callback();
      },
    });
    const run = handler(url);
    for (let n = 0; n < 3; n += 1)
      await run(successInput(), { to: ['ana@example.org', 'ben@example.org'] }, followUpContext());
    expect(mails.map(({ to }) => to)).toEqual(Array(3).fill(['ana@example.org', 'ben@example.org']));
    expect(connections).toBe(1);
  });
});

describe('what a relay’s refusals mean', () => {
  const refuse = (codes: Record<string, number>): SMTPServerOptions => ({
    onRcptTo({ address }, _session, callback) {
      const code = codes[address];
      callback(code === undefined ? null : refusal(code, `<${address}> no such user here`));
    },
  });

  it('every recipient refused with 5xx is for good, and the reply is told', async () => {
    const { url } = await relay(refuse({ 'ana@example.org': 550 }));
    const error = await failing(handler(url)(successInput(), { to: ['ana@example.org'] }, followUpContext()));
    expect(error).toMatchObject({ name: 'PermanentFollowUpError', code: 'mail-refused' });
    expect(error.message).toContain('550');
    expect(error.message).toContain('no such user here');
  });

  it.each<[codes: Record<string, number>, name: string]>([
    [{ 'ana@example.org': 450 }, 'all for now'],
    [{ 'ana@example.org': 550, 'ben@example.org': 451 }, 'one for good, one for now'],
    [{ 'ben@example.org': 451 }, 'one for now, the other taken'],
  ])('%j (%s) is tried again', async (codes) => {
    const { url } = await relay(refuse(codes));
    const to = ['ana@example.org', 'ben@example.org'];
    const error = await failing(handler(url)(successInput(), { to }, followUpContext()));
    expect(error.name).toBe('FollowUpError');
  });

  it('one refused for good beside others who were taken is done, and reported', async () => {
    const { url, mails } = await relay(refuse({ 'ben@example.org': 550 }));
    const to = ['ana@example.org', 'ben@example.org'];
    const result = await handler(url)(successInput(), { to }, followUpContext());
    expect(result).toMatchObject({
      accepted: ['ana@example.org'],
      refused: [{ address: 'ben@example.org', reply: expect.stringContaining('550') }],
    });
    expect(mails.map((mail) => mail.to)).toEqual([['ana@example.org']]);
  });

  it.each([451, 554])('a message refused with %d is tried again', async (code) => {
    const { url } = await relay({
      onData(stream, _session, callback) {
        stream.resume();
        stream.on('end', () => callback(refusal(code, 'not now')));
      },
    });
    const error = await failing(handler(url)(successInput(), { to: ['ana@example.org'] }, followUpContext()));
    expect(error).toMatchObject({ name: 'FollowUpError', code: 'mail-deferred' });
    expect(error.message).toContain(String(code));
  });

  it('a refused sender is tried again: it is ours to put right, not the recipient’s', async () => {
    const { url } = await relay({
      onMailFrom: (_address, _session, callback) => callback(refusal(550, 'who are you')),
    });
    const error = await failing(handler(url)(successInput(), { to: ['ana@example.org'] }, followUpContext()));
    expect(error.name).toBe('FollowUpError');
  });

  it('a refused login is tried again, and tells neither user nor password', async () => {
    const { url } = await relay(
      { authOptional: false, onAuth: (_auth, _session, callback) => callback(refusal(535, 'wrong password')) },
      'postmaster:hunter2@',
    );
    const error = await failing(handler(url)(successInput(), { to: ['ana@example.org'] }, followUpContext()));
    expect(error).toMatchObject({ name: 'FollowUpError', code: 'mail-login-refused' });
    // Its cause too: that is what a log writes.
    const secrets = ['postmaster', 'hunter2', Buffer.from('\0postmaster\0hunter2').toString('base64')];
    for (const secret of secrets) expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret);
  });

  it('a relay that is not there is tried again', async () => {
    const { url } = await relay();
    for (const close of closing.splice(0)) await close();
    const error = await failing(handler(url)(successInput(), { to: ['ana@example.org'] }, followUpContext()));
    expect(error).toMatchObject({ name: 'FollowUpError', code: 'mail-server-unreachable' });
    expect(error.message).toBe('The mail server could not be reached (ECONNREFUSED).');
  });
});

describe('a relay cannot hold a worker', () => {
  /** A server that accepts connections and does with them what it is told. */
  async function mute(onConnection: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>();
    const server: NetServer = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      onConnection(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    });
    return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('one that never greets is given up, and tried again', async () => {
    const url = await mute(() => undefined);
    const run = handler(url, { timeoutMs: 100 })(successInput(), { to: ['ana@example.org'] }, followUpContext());
    expect((await failing(run)).name).toBe('FollowUpError');
  });

  it('one that drips its answers is given up after the time for a whole mail', async () => {
    const url = await mute((socket) => {
      socket.write('220 slow\r\n');
      const drip = setInterval(() => socket.write('250-x\r\n'), 10);
      socket.on('close', () => clearInterval(drip));
    });
    const run = handler(url, { timeoutMs: 100 })(successInput(), { to: ['ana@example.org'] }, followUpContext());
    expect(await failing(run)).toMatchObject({ name: 'FollowUpError', code: 'mail-timeout' });
  });

  it('a worker that stops gets its own reason back', async () => {
    const stop = new AbortController();
    const reason = new Error('shutdown');
    const url = await mute(() => stop.abort(reason));
    const run = handler(url)(successInput(), { to: ['ana@example.org'] }, followUpContext({ signal: stop.signal }));
    await expect(run).rejects.toBe(reason);
  });
});
