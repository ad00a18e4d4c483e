/** The projects that are exported, and what goes wrong with them: the first part of a project's name says which kind it is. */
import type { Fault } from '../support/mock-platform/settings.js';

type Outcome = 'completed' | 'partial' | 'failed' | 'cancelled';

/** What an export of a project of each kind comes to unless it is cancelled. */
const KINDS = {
  plain: 'completed',
  large: 'completed',
  slow: 'completed',
  shaky: 'completed',
  failing: 'failed',
  uncountable: 'failed',
  partial: 'partial',
} as const satisfies Record<string, Outcome>;

export type Kind = keyof typeof KINDS;
export const ALL_KINDS = Object.keys(KINDS) as Kind[];

export const ORGANIZATION = 'chaos';
/** The platform takes any token; workers get this one sealed. */
export const API_TOKEN = 'token-of-the-mock-platform';

/** Records of a page, and of a shard; each list of a project has two shards, one, or many. */
export const PAGE = 10;
export const SHARD = 20;
export const RECORDS = 2 * SHARD - PAGE;
const OTHERWISE: Partial<Record<Kind, number>> = { plain: SHARD - 5, large: 8 * SHARD };

/** What an export of this project has to come to, unless it is cancelled. @throws for a project that is none of ours */
export const meantOutcome = (project: string): Outcome => KINDS[kindOf(project)];

function kindOf(project: string): Kind {
  const kind = project.slice(0, project.indexOf('-'));
  if (!(kind in KINDS)) throw new Error(`no project of ours is named ${project}`);
  return kind as Kind;
}

/** Records of each list, by project, of those that have more or fewer than {@link RECORDS}. */
export const sizes = (projects: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    projects.flatMap((project) => {
      const records = OTHERWISE[kindOf(project)];
      return records === undefined ? [] : [[`${ORGANIZATION}/${project}`, records]];
    }),
  );

/** What goes wrong. The lists of `shaky` projects cannot be had for the first `shaken` requests, of all of them together. */
export function faults(shaken: number): Fault[] {
  const last = `.*offset=${SHARD}$`;
  return [
    { match: `/projects/failing-[^/]+/parties/${last}`, status: 403 },
    { match: '/projects/uncountable-[^/]+/spatial/.*limit=1$', status: 403 },
    { match: `/projects/partial-[^/]+/relationships/${last}`, status: 403 },
    { match: '/projects/shaky-[^/]+/.*offset=', status: 503, times: shaken },
    { match: '/projects/slow-[^/]+/.*offset=', delayMs: 120 },
  ];
}
