import { join } from 'node:path';
import { startSmtpCatcher } from '../services/smtp-catcher.js';
import type { CommandContext } from './command.js';
import { dataDir } from './local.js';

/** Folder of the mails that the catcher took. */
export const mailFolder = () => join(dataDir(), 'mail');

/** `SMTP_URL`, else a catcher that keeps mails as files. */
export async function mailRelay(context: CommandContext, log: (line: string) => void): Promise<string> {
  if (process.env.SMTP_URL) return process.env.SMTP_URL;
  const catcher = await startSmtpCatcher({ dir: mailFolder() });
  context.atEnd(() => catcher.stop());
  log(`mails are not sent but kept in ${catcher.dir}`);
  return catcher.url;
}
