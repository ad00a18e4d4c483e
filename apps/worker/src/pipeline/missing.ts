/** What a partial bundle lacks, in words: which records, which files, and why. */
import type { MissingPart } from '@parcelpost/shared/export-result.js';
import type { Entity } from '@parcelpost/shared/records.js';
import { humanCount } from '@parcelpost/shared/words.js';
import type { BundleWarning, Missing, MissingEntry } from '../formats/bundle/info.js';
import type { Key } from '../formats/bundle/languages/en.js';
import type { Speaker } from '../formats/bundle/languages/speaker.js';
import { amount } from '../formats/bundle/text.js';
import { NOUNS } from './changes.js';
import type { WorkerPipeline } from './pipeline.js';
import type { Plan, PlannedShard } from './plan.js';

/** For the readmes, in their language: every part, and in few words what they come to. */
export function describeMissing(
  pipeline: WorkerPipeline,
  plan: Plan,
  parts: readonly MissingPart[],
  speaker: Speaker,
): Missing {
  const firsts = firstRecords(plan.shards);
  const entries = parts.map((part): MissingEntry => {
    const { step, shard } = part;
    if (step === null || shard === null)
      return { ...part, what: part.file ?? fileOf(pipeline, step ?? ''), several: false };
    const count = part.rowsExpected ?? 0;
    const what = recordsOf(step as Entity, shard, firsts.get(`${step} ${shard}`) ?? 1, count, speaker);
    return { ...part, what, several: count > 1 };
  });
  const shards = parts.filter(({ shard }) => shard !== null);
  const entities = [...new Set(shards.map(({ step }) => step as Entity))];
  return {
    parts: entries,
    summary: [
      ...entities.map((entity) => {
        const { part, all } = shareOf(plan, entity, shards);
        return speaker.say('missingShare', { part, all: speaker.say(COUNTS[entity], { count: all }) });
      }),
      ...entries.filter(({ shard }) => shard === null).map(({ what }) => what),
    ],
  };
}

/** A warning for each entity of which records are missing, and for each file: what result and mail tell in short. */
export function missingWarnings(pipeline: WorkerPipeline, plan: Plan, parts: readonly MissingPart[]): BundleWarning[] {
  const shards = parts.filter(({ shard }) => shard !== null);
  const entities = [...new Set(shards.map(({ step }) => step as Entity))];
  return [
    ...entities.map((entity) => {
      const lost = shards.filter(({ step }) => step === entity);
      const count = lost.reduce((sum, { rowsExpected }) => sum + (rowsExpected ?? 0), 0);
      const reason = unended(lost[0]?.message ?? '');
      const why =
        lost.length === 1 ? reason : `${humanCount(lost.length)} parts could not be read, the first because: ${reason}`;
      return {
        code: 'records-missing',
        message: `${share(plan, entity, lost)} ${count === 1 ? 'is' : 'are'} missing: ${why}`,
        count,
        ids: [],
      };
    }),
    ...parts
      .filter(({ shard }) => shard === null)
      .map(({ step, file, message }) => ({
        code: 'file-missing',
        message: `${file ?? fileOf(pipeline, step ?? '')} is missing: ${unended(message)}`,
        count: 1,
        ids: [],
      })),
  ];
}

const COUNTS = {
  relationships: 'countRelationships',
  parties: 'countParties',
  locations: 'countLocations',
  resources: 'countResources',
} as const satisfies Record<Entity, Key>;

/** `5,000 of 60,000 parties` */
function share(plan: Plan, entity: Entity, lost: readonly MissingPart[]): string {
  const { part, all } = shareOf(plan, entity, lost);
  return `${humanCount(part)} of ${amount(all, ...NOUNS[entity])}`;
}

function shareOf(plan: Plan, entity: Entity, lost: readonly MissingPart[]): { part: number; all: number } {
  const shards = plan.shards.filter((shard) => shard.entity === entity);
  return {
    part: lost.reduce((sum, { step, rowsExpected }) => sum + (step === entity ? (rowsExpected ?? 0) : 0), 0),
    all: shards.reduce((sum, { rowsExpected }) => sum + rowsExpected, 0),
  };
}

/** `Records 2,501 to 5,000 of parties`, counted from 1 in the platform's order, as it was when the export was planned. */
function recordsOf(entity: Entity, shard: number, first: number, count: number, speaker: Speaker): string {
  const list = speaker.say(entity);
  // A list that shrank between being counted and being cut has parts in which nothing was counted.
  if (count === 0) return speaker.say('missingEmpty', { part: shard + 1, list });
  if (count === 1) return speaker.say('missingOne', { first, list });
  return speaker.say('missingRange', { first, last: first + count - 1, list });
}

/** At which record each shard begins, by entity and shard. */
function firstRecords(shards: readonly PlannedShard[]): Map<string, number> {
  const next = new Map<Entity, number>();
  const firsts = new Map<string, number>();
  for (const { entity, shard, rowsExpected } of shards) {
    const first = next.get(entity) ?? 1;
    firsts.set(`${entity} ${shard}`, first);
    next.set(entity, first + rowsExpected);
  }
  return firsts;
}

/** The file by which people know an output. */
function fileOf(pipeline: WorkerPipeline, output: string): string {
  const dot = output.indexOf('.');
  return pipeline.named(output.slice(0, dot)).fileOf(output.slice(dot + 1));
}

/** A sentence without its full stop: it goes on, or gets its own. */
const unended = (sentence: string) => sentence.replace(/\.$/, '');
