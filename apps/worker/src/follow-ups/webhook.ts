/** `webhook.post`: tells an HTTP endpoint what an export came to, or that a follow-up of it failed. */
import type { JsonValue } from '@parcelpost/shared/export-result.js';
import { retryAfterMs } from '@parcelpost/shared/retry-after.js';
import { webhookArgs } from '@parcelpost/shared/signatures/registry.js';
import { Agent, type Dispatcher, request } from 'undici';
import { FollowUpError, PermanentFollowUpError, pauseAsked, RetryAfterError } from './errors.js';
import { PrivateAddressError, publicConnector, type Resolve } from './public-connector.js';
import { type ClosableHandler, type FollowUpContext, withArgs } from './types.js';
import { webhookBody } from './webhook-body.js';
import { webhookHeaders, webhookKey } from './webhook-signature.js';

export interface WebhookOptions {
  /**
   * What is sent is signed with each of these, so that receivers can go from one to the next; see {@link webhookKey}.
   * Without any webhooks go out unsigned.
   */
  secrets?: readonly string[] | undefined;
  /** Allows endpoints on private, loopback and link-local addresses. */
  allowPrivate: boolean;
  /** From the first packet to the answer's last byte, in milliseconds. */
  timeoutMs?: number;
  lookup?: Resolve;
  /** Certificates (PEM) to trust in place of those that Node trusts. */
  ca?: string;
}

const TIMEOUT_MS = 15_000;
/** So much of an answer is read, and no more: an endpoint may stream for ever. */
const ANSWER_BYTES = 64 * 1024;
const LOGGED_CHARACTERS = 200;

/** Makes the handler. Nothing is connected before the first webhook. Throws ConfigError for a malformed secret. */
export function createWebhookHandler(options: WebhookOptions): ClosableHandler {
  const keys = (options.secrets ?? []).map(webhookKey);
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const agent = new Agent({
    connect: publicConnector({
      allowPrivate: options.allowPrivate,
      timeoutMs,
      ...(options.lookup && { lookup: options.lookup }),
      ...(options.ca && { ca: options.ca }),
    }),
    pipelining: 0, // a connection for each webhook: endpoints are many, webhooks to one of them few
    maxHeaderSize: 16 * 1024,
  });
  const handle = withArgs(webhookArgs, async (input, args, context) => {
    const body = webhookBody(input, context.end, args.note);
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Parcelpost',
      ...webhookHeaders(context.followUpId, new Date(), body, keys),
    };
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([context.signal, timeout]);
    // The path and query may be a secret of the receiver's, so that messages name the origin alone.
    const { origin } = new URL(args.url);
    try {
      const response = await request(args.url, { dispatcher: agent, method: 'POST', headers, body, signal });
      const answer = await readStart(response.body);
      context.log.debug({ status: response.statusCode, answer }, 'webhook answered');
      return settle(response, origin);
    } catch (error) {
      if (context.signal.aborted) throw context.signal.reason;
      throw timeout.aborted
        ? new FollowUpError('webhook-timeout', `${origin} did not answer within ${timeoutMs / 1000} seconds.`)
        : asFollowUpError(error, origin, context);
    }
  });
  return { handle, close: () => agent.close() };
}

/** Reads the beginning of an answer and lets the rest go. Returns what may be logged of it. */
async function readStart(body: Dispatcher.ResponseData['body']): Promise<string> {
  let start = '';
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (start.length < LOGGED_CHARACTERS) start += chunk.toString('latin1');
    if (bytes >= ANSWER_BYTES) break;
  }
  return start.slice(0, LOGGED_CHARACTERS).replace(/[^\x20-\x7e]/g, '.');
}

/** Any 2xx is done. Throws what the other answers mean. */
function settle({ statusCode, headers }: Dispatcher.ResponseData, origin: string): JsonValue {
  if (statusCode >= 200 && statusCode < 300) return { status: statusCode };
  const answered = `${origin} answered ${statusCode}`;
  if (statusCode === 410) {
    throw new PermanentFollowUpError('webhook-gone', `${answered}: this webhook is gone and will not be sent again.`);
  }
  if (statusCode >= 300 && statusCode < 400) {
    const detail = `${answered}, a redirect, which webhooks do not follow; name the final URL.`;
    throw new PermanentFollowUpError('webhook-redirected', detail);
  }
  const asked = statusCode === 429 || statusCode === 503 ? retryAfterMs(headers['retry-after'], Date.now()) : undefined;
  if (asked !== undefined) {
    const pause = pauseAsked(asked);
    throw new RetryAfterError(
      'webhook-refused',
      `${answered} and asked to wait ${Math.ceil(pause / 1000)} seconds.`,
      pause,
    );
  }
  throw new FollowUpError('webhook-refused', `${answered}; a webhook is taken by answering 2xx.`);
}

function asFollowUpError(error: unknown, origin: string, context: FollowUpContext): FollowUpError {
  if (error instanceof FollowUpError) return error;
  if (error instanceof PrivateAddressError) {
    const detail = `${origin} is on a private network; webhooks go to public addresses unless WEBHOOK_ALLOW_PRIVATE is set.`;
    return new PermanentFollowUpError('webhook-address-refused', detail, { cause: error });
  }
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  context.log.debug({ err: error }, 'webhook did not get through');
  return new FollowUpError('webhook-unreachable', `${origin} could not be reached (${code ?? 'connection lost'}).`, {
    cause: error,
  });
}
