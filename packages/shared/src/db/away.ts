/** Telling "the database is away" from "the database says no": the first is nobody's fault and passes. */

/** Connections refused, broken, or not answered, as Node names them. */
const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT']);
/**
 * Class 08 of SQLSTATE, and a server that shuts down, was stopped at once, starts up, has no connection left, did not wait
 * any longer for the rest of a transaction, or cancelled a statement that took too long or did not get a lock in time.
 */
const SQLSTATE = /^(08...|57P0[123]|53300|25P03|57014|55P03)$/;
/** What pg says without a code; knex puts the query before it. */
const SAID =
  /(?:^| - )(?:Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)[^\n]*$/;

/**
 * Whether a query failed because PostgreSQL could not be reached, ended the connection, or is too busy to end it in time: what
 * was asked may or may not have been done, and asking again later may help. Only for errors of queries: a refused connection to somewhere else
 * looks the same.
 */
export function databaseIsAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(databaseIsAway)) return true;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined)
    return SQLSTATE.test(code) || (NETWORK.has(code) && (code !== 'ENOENT' || syscall === 'connect'));
  return error.name === 'KnexTimeoutError' || SAID.test(error.message);
}
