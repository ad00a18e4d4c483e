import pino, { type Logger } from 'pino';

export type { Logger };

/** Names under which a secret could reach a log line; their values are never written. */
const SECRET_PATHS = ['token', 'apiToken', 'authorization', 'password', 'secret', 'sealedToken', 'sealed_token'];

/**
 * The structured log of one process, JSON lines on standard output.
 * `name` is the role (`producer`, `worker`); children carry `exportId` wherever an export is being worked on.
 */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    redact: {
      paths: SECRET_PATHS.flatMap((path) => [path, `*.${path}`, `*.*.${path}`]).concat([
        'req.headers.authorization',
        'req.headers.cookie',
      ]),
      censor: '[secret]',
    },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}
