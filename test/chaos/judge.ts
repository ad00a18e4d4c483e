/** Holds what happened against what was promised. Pure: what it is given is all it knows. */
import type { Evidence, ExportRecord, NodeRecord, Received } from './evidence.js';
import { type ExpectedNode, expectedNodes } from './expected.js';
import { meantOutcome } from './platform.js';
import { type Lists, REFUSED_TRIES } from './recipes.js';

/** A promise, and each case in which it was not kept. */
export interface Judged {
  promise: string;
  broken: string[];
}

export interface Judgement {
  promises: Judged[];
  /** Lists released, of all generations. */
  releases: { onSuccess: number; onFailure: number };
  chords: number;
  /** Webhooks that came again though they had been taken: their worker was killed before it could say so. */
  repeated: number;
}

const PROMISES = {
  asked: 'each request is one export, and each next export one too',
  openExports: 'no export is left open',
  openFollowUps: 'no follow-up is left open',
  oneList: 'of each generation exactly one list is released, onSuccess or onFailure',
  rightList: 'it is the list that fits the outcome',
  outcome: 'the outcome is the one that was meant, or cancelled where that was asked',
  cancelled: 'no export completes whose end was accepted',
  missing: 'a partial export names what is missing',
  canvas: 'every node of a canvas comes to the end that its rules give it',
  received: 'what is done was received, what was skipped was not, and nothing else came',
  order: 'nothing begins before what it has to wait for',
  chords: 'the body of a chord runs once where all members are done, and else not at all',
  tokens: 'a decided export has no token',
} as const;
type PromiseName = keyof typeof PROMISES;

export function judge(evidence: Evidence): Judgement {
  const broken = Object.fromEntries(Object.keys(PROMISES).map((name) => [name, []])) as unknown as Record<
    PromiseName,
    string[]
  >;
  const judgement: Judgement = {
    promises: Object.entries(PROMISES).map(([name, promise]) => ({ promise, broken: broken[name as PromiseName] })),
    releases: { onSuccess: 0, onFailure: 0 },
    chords: 0,
    repeated: 0,
  };
  const received = groupBy(evidence.received, ({ id }) => id);
  const nodesOf = groupBy(evidence.nodes, ({ exportId, generation }) => `${exportId}/${generation}`);
  judgeRequests(evidence, broken);
  for (const row of evidence.exports) {
    judgeOutcome(row, evidence, broken);
    for (let generation = 1; generation <= row.generation; generation++) {
      const nodes = nodesOf.get(`${row.id}/${generation}`) ?? [];
      const last = generation === row.generation;
      if (last && row.outcome === null) {
        if (nodes.length > 0) broken.oneList.push(`${nameOf(row)}: follow-ups of an open export`);
        continue;
      }
      judgeGeneration({ row, generation, last, nodes, lists: listsOf(row, evidence), received, broken, judgement });
    }
  }
  const known = new Set(evidence.nodes.map(({ id }) => id));
  for (const { id, path } of evidence.received) {
    if (!known.has(id)) broken.received.push(`${path}: of no follow-up (${id})`);
  }
  return judgement;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

const nameOf = ({ id, project }: Pick<ExportRecord, 'id' | 'project'>) => `${project} (${id})`;

function judgeRequests({ asked, exports, nodes }: Evidence, broken: Record<PromiseName, string[]>): void {
  const ids = new Set(exports.map(({ id }) => id));
  const starters = nodes.filter(({ task, state }) => task === 'export.project' && state !== 'skipped');
  const done = starters.filter(({ state }) => state === 'done');
  const wanted = new Set([...asked, ...starters].map(({ id }) => id));
  if (new Set(asked.map(({ id }) => id)).size !== asked.length) broken.asked.push('two requests were given one export');
  for (const { id } of [...asked, ...done]) if (!ids.has(id)) broken.asked.push(`${id}: there is no such export`);
  for (const row of exports) if (!wanted.has(row.id)) broken.asked.push(`${nameOf(row)}: nobody asked for it`);
  for (const row of exports) if (row.outcome === null) broken.openExports.push(nameOf(row));
  for (const { place, exportId, state } of nodes) {
    if (state !== 'done' && state !== 'failed' && state !== 'skipped') {
      broken.openFollowUps.push(`${exportId} ${place}: ${state}`);
    }
  }
}

function judgeOutcome(row: ExportRecord, { asked }: Evidence, broken: Record<PromiseName, string[]>): void {
  if (row.outcome === null) return;
  const order = asked.find(({ id }) => id === row.id);
  const meant = meantOutcome(row.project);
  const mayBeCancelled = order?.cancel === 'accepted' && row.generation === 1;
  if (row.outcome !== meant && !(row.outcome === 'cancelled' && mayBeCancelled)) {
    broken.outcome.push(
      `${nameOf(row)}: ${row.outcome} in place of ${meant}: ${row.error?.code} ${row.error?.message}`,
    );
  }
  if (mayBeCancelled && (row.outcome === 'completed' || row.outcome === 'partial')) {
    broken.cancelled.push(`${nameOf(row)}: ${row.outcome}`);
  }
  if (row.outcome === 'partial' && row.missing === 0) broken.missing.push(nameOf(row));
  if (row.token) broken.tokens.push(nameOf(row));
}

/** The follow-ups that came with an export's request; a next export has those that its follow-up held. */
function listsOf({ project }: ExportRecord, { asked }: Evidence): Lists {
  const [, number, next] = /-(\d+)(-next)?$/.exec(project) ?? [];
  const body = asked.find(({ order }) => order.number === Number(number))?.order.body;
  if (!body) throw new Error(`nobody asked for ${project}`);
  if (!next) return body;
  const starter = body.onSuccess.find(({ task }) => task === 'export.project');
  return starter?.args?.request as Lists;
}

interface Case {
  row: ExportRecord;
  generation: number;
  last: boolean;
  nodes: NodeRecord[];
  lists: Lists;
  received: Map<string, Received[]>;
  broken: Record<PromiseName, string[]>;
  judgement: Judgement;
}

function judgeGeneration({ row, generation, last, nodes, lists, received, broken, judgement }: Case): void {
  const name = `${nameOf(row)} generation ${generation}`;
  const hooks = [...new Set(nodes.map(({ hook }) => hook))];
  const [hook] = hooks;
  if (hook === undefined || hooks.length > 1) {
    broken.oneList.push(`${name}: ${hooks.join(' and ') || 'neither'}`);
    return;
  }
  judgement.releases[hook] += 1;
  // A generation that was followed by another came to a bundle at most in part.
  const bundle = last
    ? row.outcome === 'completed' || row.outcome === 'partial'
    : meantOutcome(row.project) === 'partial';
  if (last ? (hook === 'onSuccess') !== bundle : hook === 'onSuccess' && !bundle) {
    broken.rightList.push(`${name}: ${hook} of an export that is ${last ? row.outcome : 'tried again'}`);
  }
  const expected = expectedNodes(lists[hook], hook);
  const byPlace = new Map(nodes.map((node) => [node.place, node]));
  for (const [place, { end }] of expected) {
    const node = byPlace.get(place);
    if (node?.state !== end) {
      const why = node?.error ? ` (${node.error.code}: ${node.error.message})` : '';
      broken.canvas.push(`${name} ${place}: ${node?.state ?? 'not there'} in place of ${end}${why}`);
    }
  }
  for (const { place } of nodes) if (!expected.has(place)) broken.canvas.push(`${name} ${place}: not asked for`);

  const callsOf = (place: string) => received.get(byPlace.get(place)?.id ?? '') ?? [];
  for (const node of nodes) {
    const calls = callsOf(node.place);
    for (const { path } of calls) {
      if (!node.url?.endsWith(path) || path.split('/')[2] !== hook) {
        broken.received.push(`${name} ${node.place}: came to ${path}`);
      }
    }
    if (node.state === 'skipped' && calls.length > 0)
      broken.received.push(`${name} ${node.place}: came though skipped`);
    if (node.task === 'webhook.post' && (node.state === 'done' || node.state === 'failed')) {
      if (calls.length === 0) broken.received.push(`${name} ${node.place}: ${node.state}, and never came`);
      judgement.repeated += Math.max(0, calls.length - (node.state === 'done' ? 1 : REFUSED_TRIES));
    }
    if (node.kind === 'chord') judgeChord(node.place);
  }
  for (const [place, { after }] of expected) {
    const began = firstOf(callsOf(place));
    if (began === undefined) continue;
    for (const before of after.flatMap((each) => leavesOf(each, expected))) {
      const first = firstOf(callsOf(before));
      if (first === undefined || first > began) broken.order.push(`${name} ${place}: before ${before}`);
    }
  }

  function judgeChord(place: string): void {
    judgement.chords += 1;
    const members = nodes.filter((node) => node.place.match(/^(.*)\/chord\/\d+$/)?.[1] === place);
    const body = byPlace.get(`${place}/body`);
    const good = members.every(({ state }) => state === 'done');
    const ran = body?.state === 'done' || body?.state === 'failed';
    if (ran !== good) broken.chords.push(`${name} ${place}: ${good ? 'never ran' : 'ran though a member failed'}`);
  }
}

const firstOf = (calls: readonly Received[]) =>
  calls.length === 0 ? undefined : Math.min(...calls.map(({ at }) => at));

/** The webhooks at or below a place that it is made of: not those that only follow from it. */
function leavesOf(place: string, expected: ReadonlyMap<string, ExpectedNode>): string[] {
  return [...expected].flatMap(([other, { url, end }]) => {
    const inside = other === place || other.startsWith(`${place}/`);
    const callback = /\/on(Success|Failure)\//.test(other.slice(place.length));
    return inside && !callback && url !== undefined && end === 'done' ? [other] : [];
  });
}
