/**
 * Files pass from one owner to another: `files.transferOwnership`, alone, in a sequence, or deferred by an action whose
 * record the files are for, so that the record and the transfer are one.
 */

import type { Connection } from '../db/database.js';
import type { OwnedFile, OwnershipService } from '../db/services/ownership.js';
import { isUuid } from '../db/services/users.js';
import { claim, defer, isClaimed } from '../tasks/actions.js';
import type { Actor } from '../tasks/actor.js';
import { TaskMisuseError } from '../tasks/errors.js';
import type { TaskRunner } from '../tasks/runner.js';
import { defineTask, type TaskMaker, type TaskWork } from '../tasks/task.js';
import { type FileOwner, isSameOwner } from './owner.js';
import { fileProblem } from './problems.js';
import { valueAt } from './value-at.js';

/** A file, and the field of the request that refers to it, as a JSON Pointer (RFC 6901). */
export interface NamedFile {
  id: string;
  pointer: string;
}

export interface Transfer {
  files: readonly NamedFile[];
  /** To whom the files belong that may be given. */
  giver: FileOwner;
  to: FileOwner;
  /** They have found their place: from now on they move by force alone. */
  pin: boolean;
  /** Move them even if they are pinned. Not even then does anybody give what is somebody else's. */
  force?: boolean;
}

/** What became of one file: `moved`, or `skipped`, since it belonged to the right owner already. */
export interface Transferred {
  id: string;
  end: 'moved' | 'skipped';
}

/** A transfer that follows on an action. */
export interface LaterTransfer<Result> extends Omit<Transfer, 'files' | 'to'> {
  /** By their ids, or by the place in the action's result, a JSON Pointer, where an id stands, or a list of ids. */
  files: readonly (NamedFile | { path: string; pointer: string })[];
  /** May be known from the action's result alone, such as the record that it made. */
  to: FileOwner | ((result: Result) => FileOwner);
}

const DETAILS = {
  'file-not-yours': 'there is no file of this id that is yours to give',
  'file-given-twice': 'another field gives the same file',
  'file-pinned': 'this file has found its place, and stays there',
} as const;
type Refusal = keyof typeof DETAILS;

export class FileTasks {
  readonly #ownership: OwnershipService;
  readonly #runner: TaskRunner;

  /** @param services.runner runs what actions defer */
  constructor({ ownership, runner }: { ownership: OwnershipService; runner: TaskRunner }) {
    this.#ownership = ownership;
    this.#runner = runner;
    this.transferOwnership = defineTask({
      name: 'files.transferOwnership',
      service: ownership,
      run: ({ input, service, trx }: TaskWork<Transfer, OwnershipService>) => transfer(service, trx, input),
    });
  }

  /**
   * `files.transferOwnership`: gives files to an owner, all of them or none, in two statements however many they are. One that
   * belongs to the owner already is skipped; a pinned one moves by force alone. Whether the giver owns them is looked at when
   * it runs, and holds until it is committed.
   *
   * Its run throws a {ProblemError} that names the fields: `file-not-yours`, `file-pinned`, `file-given-twice`.
   */
  readonly transferOwnership: TaskMaker<Transfer, Transferred[]>;

  /**
   * Has files pass to an owner once the action is done that the caller is in, in the same transaction. What is known now is
   * checked now, and again when it is done, since the files may have changed hands in between.
   * @param trx of the action
   * @throws {ProblemError} as {@link transferOwnership}, also where another transfer of the same action gives a file
   * @throws {NoActionError} outside of an action
   */
  async deferTransfer<Result>(trx: Connection, actor: Actor, later: LaterTransfer<Result>): Promise<void> {
    const { files, to, ...rest } = later;
    const known = files.filter((file): file is NamedFile => 'id' in file).map(normal);
    if (known.length > 0) {
      const found = await look(this.#ownership, trx, known, { lock: false });
      check(known, found, { ...rest, to: typeof to === 'function' ? undefined : to });
    }
    // Last, and all or none: what is refused here may be given by another transfer of the action.
    take(known);
    defer(async (result: Result) => {
      const placed = files.flatMap((file) => ('id' in file ? [] : idsAt(result, file)));
      take(placed);
      const owner = typeof to === 'function' ? to(result) : to;
      return this.#runner.runSingle(
        this.transferOwnership(actor, { ...rest, files: [...known, ...placed], to: owner }),
      );
    });
  }
}

async function transfer(ownership: OwnershipService, trx: Connection, input: Transfer): Promise<Transferred[]> {
  const { to, pin } = input;
  const files = input.files.map(normal);
  const ids = new Set<string>();
  refuse(
    'file-given-twice',
    files.filter(({ id }) => ids.size === ids.add(id).size),
  );
  const found = await look(ownership, trx, files, { lock: true });
  check(files, found, input);
  const moving = files.filter(({ id }) => !belongsTo(found.get(id), to)).map(({ id }) => id);
  if (moving.length > 0) await ownership.give(trx, moving, to, pin);
  return files.map(({ id }) => ({ id, end: moving.includes(id) ? 'moved' : 'skipped' }));
}

/** @param giving.to undefined where it is not known yet */
function check(
  files: readonly NamedFile[],
  found: Map<string, OwnedFile>,
  { giver, to, force = false }: Pick<Transfer, 'giver' | 'force'> & { to: FileOwner | undefined },
): void {
  const moving = files.filter(({ id }) => !(to && belongsTo(found.get(id), to)));
  refuse(
    'file-not-yours',
    moving.filter(({ id }) => !belongsTo(found.get(id), giver)),
  );
  refuse(
    'file-pinned',
    moving.filter(({ id }) => found.get(id)?.pinned && !force),
  );
}

/** Throws a {ProblemError} that names the fields which refer to files, if there are any. */
export function refuse(type: Refusal, files: readonly NamedFile[]): void {
  if (files.length > 0) {
    throw fileProblem(
      type,
      files.map(({ pointer }) => ({ pointer, detail: DETAILS[type] })),
    );
  }
}

const belongsTo = (file: OwnedFile | undefined, owner: FileOwner) =>
  file !== undefined && isSameOwner(file.owner, owner);

/** Claims files for a transfer of this action, all or none; refuses those that it gives twice, or another one gives. */
function take(files: readonly NamedFile[]): void {
  const ids = new Set<string>();
  refuse(
    'file-given-twice',
    files.filter(({ id }) => ids.size === ids.add(id).size || isClaimed(`file ${id}`)),
  );
  for (const id of ids) claim(`file ${id}`);
}

const normal = ({ id, pointer }: NamedFile): NamedFile => ({ id: id.toLowerCase(), pointer });

async function look(
  ownership: OwnershipService,
  db: Connection,
  files: readonly NamedFile[],
  options: { lock: boolean },
): Promise<Map<string, OwnedFile>> {
  return ownership.look(db, files.map(({ id }) => id).filter(isUuid), options);
}

/** The ids that stand at a place of an action's result. */
function idsAt(result: unknown, { path, pointer }: { path: string; pointer: string }): NamedFile[] {
  const value = valueAt(result, path);
  const ids = Array.isArray(value) ? value : [value];
  return ids.map((id) => {
    if (typeof id !== 'string') throw new TaskMisuseError(`the action's result has no id of a file at ${path}`);
    return normal({ id, pointer });
  });
}
