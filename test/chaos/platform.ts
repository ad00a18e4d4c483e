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

/** Records of each list of a project, of a page, and of a shard. */
export const RECORDS = { usual: 70, large: 400, page: 20, shard: 60 } as const;

/** What an export of this project has to come to, unless it is cancelled. @throws for a project that is none of ours */
export function meantOutcome(project: string): Outcome {
  const kind = project.slice(0, project.indexOf('-'));
  if (!(kind in KINDS)) throw new Error(`no project of ours is named ${project}`);
  return KINDS[kind as Kind];
}

/** Records of each list, by project, of those that have more than the usual. */
export const sizes = (projects: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    projects
      .filter((project) => project.startsWith('large-'))
      .map((project) => [`${ORGANIZATION}/${project}`, RECORDS.large]),
  );

/** What goes wrong. The lists of `shaky` projects cannot be had for the first `shaken` requests, of all of them together. */
export function faults(shaken: number): Fault[] {
  const last = `.*offset=${RECORDS.shard}$`;
  return [
    { match: `/projects/failing-[^/]+/parties/${last}`, status: 403 },
    { match: '/projects/uncountable-[^/]+/spatial/.*limit=1$', status: 403 },
    { match: `/projects/partial-[^/]+/relationships/${last}`, status: 403 },
    { match: '/projects/shaky-[^/]+/.*offset=', status: 503, times: shaken },
    { match: '/projects/slow-[^/]+/.*offset=', delayMs: 120 },
  ];
}
