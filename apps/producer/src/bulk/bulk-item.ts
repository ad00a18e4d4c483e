/** One item of bulk work: what it asks for, done as if it had been asked for alone. */
import { type ExportRow, stateOf } from '@parcelpost/shared/db/services/exports.js';
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import type { exportRequestSchema } from '@parcelpost/shared/export-request.js';
import { fieldErrors } from '@parcelpost/shared/field-errors.js';
import { z } from 'zod';
import type { ChangeExport } from '../actions/change-export.js';
import type { RequestExport } from '../actions/request-export.js';
import { invalidRequest } from '../problems.js';
import { lookedUp } from '../validation.js';

const requested = z.looseObject({ organization: lookedUp, project: lookedUp });
const named = z.object({ id: z.string(), apiToken: z.string().optional() });

/** What is asked for of one export, whatever it is; of a request also where, and the key by which a repeat is known. */
export type ItemWork = { action: 'request'; key: string | undefined } | { action: 'cancel' | 'retry' };

/** What one item came to where it came to something. */
export const itemValue = z.object({
  exportId: z.uuid(),
  generation: z.int(),
  state: z.string().describe('State of the export at that moment'),
  joined: z.boolean().optional().describe('Of a request: whether an identical one was running already'),
});
export type ItemValue = z.output<typeof itemValue>;

export class BulkItemRunner {
  constructor(
    readonly request: RequestExport,
    readonly change: ChangeExport,
    readonly schema: typeof exportRequestSchema,
  ) {}

  /**
   * Does what an item asks for.
   * @param item `{organization, project, …}` with the body of a request, or `{id, apiToken}` of an export
   * @throws {ProblemError} what the same would be answered with alone; 422 `invalid-request` with pointers into the item
   */
  async run(user: UserRow, item: unknown, work: ItemWork): Promise<ItemValue> {
    if (work.action !== 'request') {
      const { id, apiToken } = parse(named, item);
      const row =
        work.action === 'cancel' ? await this.change.cancel(id, user) : await this.change.retry(id, user, apiToken);
      return this.valueOf(row);
    }
    const { organization, project, ...rest } = parse(requested, item);
    const body = parse(this.schema, rest);
    const { exportId, joined } = await this.request.run(user, { organization, project, body, key: work.key });
    const row = await this.change.read.one(exportId, user);
    return { ...this.valueOf(row), joined };
  }

  /** An export as the answer shows it. */
  valueOf(row: ExportRow): ItemValue {
    return { exportId: row.id, generation: row.generation, state: stateOf(row) };
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidRequest(fieldErrors(parsed.error.issues));
  return parsed.data;
}
