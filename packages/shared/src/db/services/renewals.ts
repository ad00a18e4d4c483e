/** Renewing exports whose results an older version of the software has made. */
import type { StepVersions } from '../../pipeline/pipeline.js';
import type { Connection, Database } from '../database.js';
import type { Outcome } from './exports.js';
import type { ProjectAddress } from './projects.js';

/** The newest renewal of an export. */
export interface Renewal {
  id: string;
  /** The export that it renews. */
  renews: string;
  outcome: Outcome | null;
  /** Versions of the steps that made its files; null where there are none, or it is older than such notes. */
  steps: StepVersions | null;
  /** Whether its files are over their time. */
  expired: boolean;
}

/** A completed export that would come out otherwise now. */
export interface Outdated extends ProjectAddress {
  id: string;
  requesterId: string;
}

/** Exports that are passed over: by themselves, by who asked for them, by their project. */
export interface PassedOver {
  ids: Iterable<string>;
  requesters: Iterable<string>;
  /** Each `<organization>/<project>`. */
  projects: Iterable<string>;
}

/** A step as one looks for what it has outdated. */
interface PresentStep {
  name: string;
  version: string;
  formats: readonly string[] | 'all';
}

const COLUMNS = `id, renews, outcome, result->'steps' as steps,
  coalesce(greatest(expires_at, pinned_until) <= now(), false) as expired`;

export class RenewalService {
  constructor(readonly db: Connection) {}

  /** The newest renewal of each of these exports, in one query however many they are. */
  async newestOf(ids: readonly string[]): Promise<Map<string, Renewal>> {
    if (ids.length === 0) return new Map();
    const { rows } = await this.db.raw<{ rows: Renewal[] }>(
      `select distinct on (renews) ${COLUMNS} from exports where renews = any(?) order by renews, requested_at desc`,
      [[...ids]],
    );
    return new Map(rows.map((row) => [row.renews, row]));
  }

  /**
   * The newest renewal of an export, in a transaction in which nobody else begins one: who comes second waits, and finds it.
   */
  async lockedNewest(trx: Connection, id: string): Promise<Renewal | undefined> {
    await trx.raw('select from exports where id = ? for no key update', [id]);
    return (await new RenewalService(trx).newestOf([id])).get(id);
  }

  /**
   * Completed exports whose files are there, that a step of now would make otherwise, and that nobody has renewed yet, nor asked for
   * anew in the same words. A renewal of the same versions as what it renews is none of them: workers are not as new as who
   * asks, and another one would come out the same. Newest first.
   */
  async outdated(db: Database, steps: readonly PresentStep[], except: PassedOver, limit: number): Promise<Outdated[]> {
    const { rows } = await db.raw<{ rows: Outdated[] }>(
      `select e.id, e.requester_id as "requesterId", e.organization, e.project from exports e
       where e.outcome = 'completed' and e.result->'steps' is not null
         and e.expires_at is not null and greatest(e.expires_at, e.pinned_until) > now()
         and e.id <> all(?) and e.requester_id <> all(?) and e.organization || '/' || e.project <> all(?)
         and exists (
           select from jsonb_to_recordset(?) as s (name text, version text, formats jsonb)
           where (s.formats = '"all"' or jsonb_exists_any(e.options->'formats', array(select jsonb_array_elements_text(
               case jsonb_typeof(s.formats) when 'array' then s.formats else '[]' end))))
             and e.result->'steps'->>s.name is distinct from s.version)
         and not exists (select from exports r where r.renews = e.id)
         and not exists (select from exports o where o.id = e.renews and o.result->'steps' = e.result->'steps')
         and not exists (
           select from exports n
           where n.organization = e.organization and n.project = e.project and n.requester_id = e.requester_id
             and n.options = e.options and n.requested_at > e.requested_at and (n.outcome is null or n.outcome = 'completed'))
       order by e.decided_at desc limit ?`,
      [
        ...[[...except.ids], [...except.requesters], [...except.projects]],
        JSON.stringify(steps.map(({ name, version, formats }) => ({ name, version, formats }))),
        limit,
      ],
    );
    return rows;
  }
}
