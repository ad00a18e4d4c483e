/** `ops pin`, `unpin` and `expire`: the time of an export's files. */
import { PinRefusedError } from '@parcelpost/shared/db/services/pins.js';
import { type OpsContext, RefusedError, UsageError } from './context.js';

const REASONS: Record<PinRefusedError['reason'], string> = {
  'not-found': 'there is no such export',
  unfinished: 'it has no outcome yet',
  'without-file': 'it left no files',
  expired: 'its files have expired and are out of reach; they can be asked for again',
  pinned: 'its files are pinned; unpin them first',
};

/** @throws {RefusedError} in words */
async function refusing<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PinRefusedError)) throw error;
    throw new RefusedError(`Export ${id}: ${REASONS[error.reason]}.`);
  }
}

/** Keeps the files of an export. @param until a time (RFC 3339), or without it until somebody unpins */
export async function pinFiles({ writes, print }: OpsContext, id: string, until: string | undefined): Promise<number> {
  const { runner, pins, actor } = writes;
  const date = until === undefined ? null : new Date(until);
  if (date !== null && !(date.getTime() > Date.now())) {
    throw new UsageError(`--until is a time to come, such as 2030-01-31T12:00:00Z, not "${until}"`);
  }
  const by = { id: actor.id, name: actor.name };
  await refusing(id, () => runner.runSingle(pins.pin(actor, { id, until: date, by })));
  print(`The files of export ${id} are kept until ${date?.toISOString() ?? 'they are unpinned'}.`);
  return 0;
}

/** Keeps them no longer. */
export async function unpinFiles({ writes, print }: OpsContext, id: string): Promise<number> {
  const { runner, pins, actor } = writes;
  const unpinned = await refusing(id, () => runner.runSingle(pins.unpin(actor, { id })));
  print(
    unpinned
      ? `The files of export ${id} go when their time is over, an hour from now at the soonest.`
      : `Export ${id} was not pinned.`,
  );
  return 0;
}

/** Has their time be over. */
export async function expireFiles({ writes, print }: OpsContext, id: string): Promise<number> {
  const { runner, pins, actor } = writes;
  const expired = await refusing(id, () => runner.runSingle(pins.expire(actor, { id })));
  print(
    expired
      ? `The files of export ${id} have expired; a worker removes them.`
      : `The files of export ${id} are gone already.`,
  );
  return 0;
}
