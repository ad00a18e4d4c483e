/** `msg.email`: mails how an export ended, or why a follow-up of it failed. */
import { domainToASCII } from 'node:url';
import { ConfigError } from '@parcelpost/shared/config.js';
import type { JsonValue } from '@parcelpost/shared/export-result.js';
import { emailArgs } from '@parcelpost/shared/signatures/registry.js';
import { createTransport } from 'nodemailer';
import addressparser from 'nodemailer/lib/addressparser';
import { emailContent } from './email-content.js';
import { renderHtml, renderText } from './email-render.js';
import { FollowUpError, PermanentFollowUpError } from './errors.js';
import { type ClosableHandler, type FollowUpContext, withArgs } from './types.js';
import { singleLine } from './words.js';

export interface EmailOptions {
  /** The mail relay: `smtp://` or `smtps://`, user and password inside where it wants them. */
  smtpUrl: string;
  /** One address, with or without a name: `Parcelpost <parcelpost@example.org>`. */
  from: string;
  /** Base of the links to exports' pages. */
  publicUrl: string;
  /** Longest wait for any one answer of the relay, in milliseconds; a whole mail may take four times as long. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 15_000;
const SHOWN_REPLY = 300;

/** What nodemailer tells of a failure (its `NodemailerError`), as far as it is read here. */
interface SmtpError extends NodeJS.ErrnoException {
  command?: string | undefined;
  response?: string | undefined;
  responseCode?: number | undefined;
  permanent?: boolean | undefined;
  recipient?: string | undefined;
  rejectedErrors?: SmtpError[] | undefined;
  originalCode?: string | undefined;
}

/** Makes the handler. Nothing is connected before the first mail. Throws ConfigError if `from` is not one address. */
export function createEmailHandler(options: EmailOptions): ClosableHandler {
  const from = sender(options.from);
  const host =
    domainToASCII(from.address.slice(from.address.lastIndexOf('@') + 1)) || new URL(options.publicUrl).hostname;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const transport = createTransport({
    url: options.smtpUrl,
    pool: true,
    maxConnections: 3,
    // The job's own tries are the retries; a second one in here is for a pooled connection that the relay has closed.
    maxRequeues: 1,
    idleTimeout: 30_000,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const handle = withArgs(emailArgs, async (input, args, context) => {
    const to = args.to;
    if (!to) throw new PermanentFollowUpError('bad-arguments', 'args.to: is missing, and nobody else is known');
    const content = emailContent(input, context.end, options.publicUrl, args.subject);
    const timeout = AbortSignal.timeout(timeoutMs * 4);
    try {
      const sent = await transport.sendMail({
        from,
        to: to.map((address) => ({ name: '', address })),
        subject: content.subject,
        text: renderText(content),
        html: renderHtml(content),
        messageId: `<${context.followUpId}@${host}>`,
        // RFC 3834: nobody's out-of-office note should answer this.
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        xMailer: false,
        signal: AbortSignal.any([context.signal, timeout]),
      });
      return delivered(sent.messageId, sent.accepted, sent.rejectedErrors ?? [], context);
    } catch (error) {
      if (context.signal.aborted) throw context.signal.reason;
      if (error instanceof FollowUpError) throw error;
      if (timeout.aborted) {
        throw new FollowUpError(
          'mail-timeout',
          `The mail server did not take the mail within ${(timeoutMs * 4) / 1000} seconds.`,
        );
      }
      throw asFollowUpError(error as SmtpError, context);
    }
  });
  return {
    handle,
    close: async () => transport.close(),
  };
}

function sender(text: string): { name: string; address: string } {
  const parsed = addressparser(text, { flatten: true });
  const [only] = parsed;
  if (parsed.length !== 1 || !only?.address || !/^[^\s@<>]+@[^\s@<>]+$/.test(only.address)) {
    throw new ConfigError('MAIL_FROM is wrong: must be one address, such as Parcelpost <parcelpost@example.org>');
  }
  return { name: only.name ?? '', address: only.address };
}

/**
 * At least one recipient was accepted. Another who was refused for now gets the mail by trying again; the first ones
 * then get it twice, with the same Message-ID, which mail readers show once. One refused for good is reported.
 */
function delivered(messageId: string, accepted: string[], refusals: SmtpError[], context: FollowUpContext): JsonValue {
  const refused = refusals.map((error) => ({ address: error.recipient ?? '', reply: reply(error) }));
  const later = refusals.find((error) => !error.permanent);
  if (later) {
    throw new FollowUpError('mail-deferred', `The mail server refused ${later.recipient} for now: ${reply(later)}`);
  }
  context.log.info(
    { recipients: accepted.length, refused: refused.length, messageId },
    'mail handed to the mail server',
  );
  return { messageId, accepted, refused };
}

/** Only the refusal of every recipient is for good; anything else may be the relay's trouble, and pass. */
function asFollowUpError(error: SmtpError, context: FollowUpContext): FollowUpError {
  context.log.debug({ code: error.code, command: error.command, responseCode: error.responseCode }, 'mail not taken');
  const refusals = error.rejectedErrors ?? [];
  const [first] = refusals;
  if (first && refusals.every((refusal) => refusal.permanent)) {
    const who = refusals.length === 1 ? (first.recipient ?? 'the recipient') : `all ${refusals.length} recipients`;
    return new PermanentFollowUpError('mail-refused', `The mail server refused ${who}: ${reply(first)}`, {
      cause: error,
    });
  }
  if (error.code === 'EAUTH') {
    return new FollowUpError('mail-login-refused', 'The mail server refused our login; see SMTP_URL.', {
      cause: error,
    });
  }
  if (error.response) {
    return new FollowUpError('mail-deferred', `The mail server did not take the mail: ${reply(error)}`, {
      cause: error,
    });
  }
  const code = error.originalCode ?? error.code ?? 'connection lost';
  return new FollowUpError('mail-server-unreachable', `The mail server could not be reached (${code}).`, {
    cause: error,
  });
}

function reply(error: SmtpError): string {
  return singleLine(error.response ?? error.message).slice(0, SHOWN_REPLY);
}
