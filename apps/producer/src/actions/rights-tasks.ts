/** Who may do what to exports, as tasks: they stand in the sequence that does it, and are checked in its transaction. */
import type { ExportRow } from '@parcelpost/shared/db/services/exports.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import type { Actor } from '@parcelpost/shared/tasks/actor.js';
import { defineTask, type TaskMaker } from '@parcelpost/shared/tasks/task.js';
import type { Answers, ExportRights, Wanted } from './export-rights.js';
import type { ProjectNames } from './external-platform.js';
import type { Canvases, FirstExport, PreparedCanvases, PrepareNextExports } from './prepare-next-exports.js';
import type { ReadExports } from './read-exports.js';

export class RightsTasks {
  /** Whether a project may be exported; see {@link ExportRights.check}. */
  readonly permit: TaskMaker<{ user: UserRow; wanted: Wanted; answers: Answers }, ProjectNames>;
  /** Whether the projects of next exports may, and what those need to begin; see {@link PrepareNextExports.run}. */
  readonly prepareNext: TaskMaker<{ first: FirstExport; canvases: Canvases; answers: Answers }, PreparedCanvases>;
  /** Whether an export may be changed; see {@link ReadExports.changeable}. */
  readonly change: TaskMaker<{ id: string; user: UserRow }, ExportRow>;

  constructor(services: { rights: ExportRights; next: PrepareNextExports; read: ReadExports }) {
    this.permit = defineTask({
      name: 'exports.permit',
      service: services.rights,
      run: ({ service, trx, input: { user, wanted, answers } }) => service.check(trx, user, wanted, answers),
    });
    this.prepareNext = defineTask({
      name: 'exports.prepare-next',
      service: services.next,
      run: ({ service, trx, input: { first, canvases, answers } }) => service.run(trx, first, canvases, answers),
    });
    this.change = defineTask({
      name: 'exports.permit-change',
      service: services.read,
      run: ({ service, trx, input: { id, user } }) => service.within(trx).changeable(id, user),
    });
  }
}

/** A person, as what they do is noted. */
export const actorOf = ({ id, name }: UserRow): Actor => ({ kind: 'user', id, name });
