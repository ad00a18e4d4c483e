import { existsSync, readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import { afterEach, describe, expect, test } from 'vitest';
import { type SmtpCatcher, startSmtpCatcher } from './smtp-catcher.js';

let catcher: SmtpCatcher;
afterEach(() => catcher.stop());

const mail = (messageId: string, text = 'Hello') => ({
  from: 'a@example.org',
  to: ['ana@example.org', 'ben@example.org'],
  subject: 'Your export',
  messageId,
  text,
});

describe('the SMTP catcher', () => {
  test('keeps a mail as a file named by its Message-ID', async () => {
    catcher = await startSmtpCatcher();
    const transport = createTransport(catcher.url);
    await transport.sendMail(mail('<one/../@example.org>', '.a line that starts with a dot\n'));
    const caught = await catcher.waitForMail(({ messageId }) => messageId === 'one/../@example.org');
    expect(caught).toMatchObject({ from: 'a@example.org', to: ['ana@example.org', 'ben@example.org'] });
    expect(caught.file).toBe(`${catcher.dir}/one_.._@example.org.eml`);
    expect(readFileSync(caught.file, 'utf8')).toContain('\n.a line that starts with a dot');
    transport.close();
  });

  test('counts a mail that came twice twice', async () => {
    catcher = await startSmtpCatcher();
    const transport = createTransport(catcher.url);
    await transport.sendMail(mail('<same@example.org>'));
    await transport.sendMail(mail('<same@example.org>'));
    expect(catcher.mails()).toHaveLength(2);
    expect(new Set(catcher.mails().map(({ file }) => file)).size).toBe(1);
  });

  test('refuses as many mails as it was told to, then takes them again', async () => {
    catcher = await startSmtpCatcher();
    const transport = createTransport(catcher.url);
    catcher.refuseNext(1);
    await expect(transport.sendMail(mail('<x@example.org>'))).rejects.toMatchObject({ responseCode: 451 });
    expect(catcher.mails()).toEqual([]);
    await transport.sendMail(mail('<x@example.org>'));
    expect(catcher.mails()).toHaveLength(1);
  });

  test('says what came instead when the mail waited for does not come', async () => {
    catcher = await startSmtpCatcher();
    const transport = createTransport(catcher.url);
    await transport.sendMail(mail('<other@example.org>'));
    await expect(catcher.waitForMail(() => false, 50)).rejects.toThrow(/1 came: other@example.org/);
    await catcher.stop();
    expect(existsSync(catcher.dir)).toBe(false);
  });
});
