/** Adding a resource to a project: the record, its links, and the file that passes to it are one. */
import { randomUUID } from 'node:crypto';
import { type ProjectAccess, type ProjectAddress, ProjectService } from '@parcelpost/shared/db/services/projects.js';
import { LINK_TYPES, type ResourceLink, type ResourceService } from '@parcelpost/shared/db/services/resources.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import type { FieldError } from '@parcelpost/shared/errors.js';
import { recordOwner, userOwner } from '@parcelpost/shared/files/owner.js';
import { type FileTasks, refuse } from '@parcelpost/shared/files/transfer.js';
import type { Actor } from '@parcelpost/shared/tasks/actor.js';
import type { TaskRunner } from '@parcelpost/shared/tasks/runner.js';
import { sequence } from '@parcelpost/shared/tasks/sequence.js';
import { defineTask, type TaskMaker } from '@parcelpost/shared/tasks/task.js';
import { z } from 'zod';
import { invalidRequest, problem } from '../problems.js';

/** Links of one resource. */
const MOST_LINKS = 1000;

/** A text that PostgreSQL takes, without what breaks lines or names. */
const plain = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\p{Cc}\p{Surrogate}]*$/u, 'must hold no control characters');

export const resourceBody = z.strictObject({
  name: plain(255).min(1),
  description: z
    .string()
    .max(10_000)
    .regex(/^[^\0\p{Surrogate}]*$/u, 'must hold no NUL')
    .default(''),
  file: z.uuid().describe('Id of a file of yours, as the upload answered it; it passes to the resource for good'),
  links: z
    .array(z.strictObject({ id: plain(1000).min(1), type: z.enum(LINK_TYPES) }))
    .max(MOST_LINKS)
    .default([])
    .describe('Records of the project that it belongs to'),
});
export type ResourceBody = z.output<typeof resourceBody>;

/** A resource that somebody wants to add. */
interface Wanted extends ResourceBody {
  address: ProjectAddress;
  projectId: string;
  /** Made beforehand: the file's new owner is named by it. */
  id: string;
}

interface Services {
  resources: ResourceService;
  files: FileTasks;
  runner: TaskRunner;
}

export class AddResource {
  /** Whether a user may add to a project. Its result is the project. */
  readonly permit: TaskMaker<{ address: ProjectAddress; userId: string }, ProjectAccess>;
  /** Whether the records are there that links name. */
  readonly checkLinks: TaskMaker<{ projectId: string; links: readonly ResourceLink[] }, void>;
  /** Adds the resource, and has its file pass to it. */
  readonly add: TaskMaker<Wanted, { id: string }>;
  readonly #runner: TaskRunner;

  constructor({ resources, files, runner }: Services) {
    this.#runner = runner;
    this.permit = defineTask({
      name: 'resources.permit',
      service: ProjectService,
      run: async ({ input: { address, userId }, service: Projects, trx }) =>
        permitted(await new Projects(trx).access(address.organization, address.project, userId), address),
    });
    this.checkLinks = defineTask({
      name: 'resources.check-links',
      service: resources,
      run: async ({ input: { projectId, links }, service, trx }) => {
        refuseTwice(links);
        const found = await service.findLinked(trx, projectId, links);
        const missing = links.flatMap(({ type }, index): FieldError[] =>
          found[index] ? [] : [{ pointer: `/links/${index}/id`, detail: `the project has no ${type} of this id` }],
        );
        if (missing.length > 0) throw invalidRequest(missing);
      },
    });
    this.add = defineTask({
      name: 'resources.add',
      service: resources,
      run: async ({ input: { address, file, ...resource }, service, actor, trx }) => {
        const given = [{ id: file, pointer: '/file' }];
        await files.deferTransfer(trx, actor, {
          files: given,
          giver: userOwner(actor.id),
          to: recordOwner(address, resource.id),
          pin: true,
        });
        if (!(await service.add(trx, { ...resource, fileId: file }))) refuse('file-not-yours', given);
        return { id: resource.id };
      },
    });
  }

  /**
   * Adds a resource. The record, its links and the transfer of its file are one transaction.
   * @returns its id
   * @throws {ProblemError} 404 `project-not-found`, 403 `resource-not-permitted`, 403 `project-archived`; 422
   *   `invalid-request` for links, `file-not-yours` for the file, each naming the field
   */
  async run(user: UserRow, address: ProjectAddress, body: ResourceBody): Promise<{ id: string }> {
    const actor: Actor = { kind: 'user', id: user.id, name: user.name };
    const permit = this.permit(actor, { address, userId: user.id });
    const ofProject = () => ({ projectId: permit.result.id });
    return this.#runner.runSingleSequence(
      sequence(
        permit,
        this.checkLinks(actor, { links: body.links }, { getInput: ofProject }),
        this.add(actor, { ...body, address, id: randomUUID() }, { getInput: ofProject }),
      ),
    );
  }
}

function permitted(access: ProjectAccess | undefined, { organization, project }: ProjectAddress): ProjectAccess {
  const name = `${organization}/${project}`;
  if (!access?.maySee) throw problem('project-not-found', `There is no project ${name} that you may see.`);
  if (!access.mayAddTo) {
    throw problem('resource-not-permitted', `Only those who collect or manage the data of ${name} may add resources.`);
  }
  if (access.archived) throw problem('project-archived', `${name} is archived; nothing is added to it any more.`);
  return access;
}

/** A link is there once. @throws {ProblemError} */
function refuseTwice(links: readonly ResourceLink[]): void {
  const first = new Map<string, number>();
  const twice = links.flatMap(({ id, type }, index): FieldError[] => {
    const key = `${type} ${id}`;
    const before = first.get(key);
    if (before === undefined) first.set(key, index);
    return before === undefined ? [] : [{ pointer: `/links/${index}`, detail: `is the same link as /links/${before}` }];
  });
  if (twice.length > 0) throw invalidRequest(twice);
}
