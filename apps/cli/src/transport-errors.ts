/** Why a request got no answer, in words. */
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';

/** Codes of Node and of its fetch, and what each tells a person. */
const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
  ENOTFOUND: 'no machine has this name',
  EAI_AGAIN: 'the name could not be looked up',
  EHOSTUNREACH: 'there is no way to that machine',
  ENETUNREACH: 'there is no network',
  ENETDOWN: 'there is no network',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'it did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'it fell silent',
};

/** Waiting does not help against these. */
const LASTING =
  /^(ENOTFOUND|ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|EPROTO|ERR_INVALID|HOSTNAME_MISMATCH)/;
const CERTIFICATE = /^(ERR_TLS_CERT|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)/;

/**
 * Reads what fetch, or the reading of a body, threw.
 * @param host the service, as people know it
 */
export function transportError(error: unknown, host: string): CliError {
  if (error instanceof CliError) return error;
  const code = codeOf(error);
  const untrusted = CERTIFICATE.test(code);
  const reason = untrusted
    ? `its certificate is not to be trusted (${code})`
    : (REASONS[code] ?? (code === '' ? 'the connection broke' : code));
  const advice = untrusted
    ? ['NODE_EXTRA_CA_CERTS=<file.pem> has this program trust an authority of your own.']
    : ['Is --url right, and is the service up?'];
  return new CliError(EXIT.unreachable, 'unreachable', `${host} cannot be reached: ${reason}.`, {
    transient: !LASTING.test(code),
    advice,
    cause: error,
  });
}

/** No sign of life for so long. */
export function silent(host: string, ms: number): CliError {
  return new CliError(EXIT.unreachable, 'unreachable', `${host} has not answered for ${Math.round(ms / 1000)} s.`, {
    transient: true,
    advice: ['Is --url right, and is the service up?'],
  });
}

/** The first code along the causes; several addresses of one host fail with an error for each. */
function codeOf(error: unknown): string {
  for (
    let at = error;
    at instanceof Error;
    at = at.cause ?? (at instanceof AggregateError ? at.errors[0] : undefined)
  ) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  return '';
}
