/** What the queues say: who listens, what waits for nobody, what failed. */
import type { Inspection, UnbegunTask } from '@parcelpost/shared/db/services/inspection.js';
import { lookAtQueue, type QueueLook } from '@parcelpost/shared/queues/look.js';
import { EXPORT_QUEUE, META_QUEUE, type Queues } from '@parcelpost/shared/queues/queues.js';
import { queueOfTask } from '@parcelpost/shared/signatures/registry.js';
import type { Limits } from './check-rows.js';
import type { Check, Finding } from './diagnosis.js';
import { age, counted, oneLine } from './text.js';

/** Failed jobs of one queue that are named. */
const NAMED = 5;

/** Queues that are looked at together: each look is a handful of questions to the engine. */
const TOGETHER = 8;

export interface KnownQueues {
  /** Queues that our own workers are to listen to. */
  own: readonly string[];
  /** Queues of other services. */
  routes: readonly string[];
}

/** Looks at every queue that is known, and at those that a follow-up is on its way to. */
export function queuesAreServed(
  { inspection, queues }: { inspection: Inspection; queues: Queues },
  { own, routes }: KnownQueues,
  { stuckSeconds, sinceSeconds }: Limits,
): Check {
  return {
    name: 'workers and jobs of the queues',
    run: async () => {
      // What is asked of an engine that is away waits for it.
      await queues.ping();
      const [way, unbegun] = await Promise.all([inspection.onTheirWay(), inspection.unbegun(stuckSeconds)]);
      const names = [...new Set([META_QUEUE, EXPORT_QUEUE, ...own, ...routes, ...way.map(({ queue }) => queue)])];
      const since = new Date(Date.now() - sinceSeconds * 1000);
      const looks: QueueLook[] = [];
      for (let i = 0; i < names.length; i += TOGETHER) {
        const some = names.slice(i, i + TOGETHER).map((name) => lookAtQueue(queues, name, since));
        looks.push(...(await Promise.all(some)));
      }
      const unserved = looks.filter(({ workers }) => workers === 0);
      const findings = [
        ...unservedFindings(unserved.filter(({ name }) => !routes.includes(name))),
        ...unserved.filter(({ name }) => routes.includes(name)).map(routeFinding),
        ...looks.flatMap((look) => [...queueFindings(look), ...failedFindings(look, sinceSeconds)]),
      ];
      const waitsForNobody = (task: string) => unserved.some(({ name }) => name === queueOfTask(task));
      findings.push(...unbegunFindings(unbegun.filter(({ task }) => !waitsForNobody(task))));
      const workers = looks.map(({ name, workers: n }) => `${name} ${n ?? '?'}`);
      return { findings, seen: [`workers: ${workers.join(', ')}`] };
    },
  };
}

const jobsOf = ({ waiting, delayed }: QueueLook) => counted(waiting + delayed, 'job waits', 'jobs wait');

/** Queues that our own workers are to listen to, and none does. */
function unservedFindings(looks: QueueLook[]): Finding[] {
  if (looks.length === 0) return [];
  return [
    {
      level: 'problem',
      code: 'queue-without-worker',
      what: `No worker listens to ${looks.length === 1 ? 'the queue' : 'the queues'} ${looks.map(({ name }) => name).join(', ')}.`,
      advice:
        'Start workers whose WORKER_QUEUES have them (all listen to meta). If they run, QUEUE_URL and QUEUE_PREFIX are others there than here.',
      items: looks.map((look) => `${look.name}: ${jobsOf(look)}`),
    },
  ];
}

/** Another service may listen only now and then: it is missed when there is something for it to do. */
function routeFinding(look: QueueLook): Finding {
  return {
    level: look.waiting + look.delayed > 0 ? 'problem' : 'note',
    code: 'route-not-served',
    what: `No worker listens to the queue ${look.name}, which belongs to another service; ${jobsOf(look)} for one.`,
    advice: `Start the service that serves ${look.name}; its BullMQ workers need the same engine and prefix as ours.`,
    items: [],
  };
}

/** What is wrong with the queue itself. */
function queueFindings({ name, workers, waiting, paused }: QueueLook): Finding[] {
  const findings: Finding[] = [];
  if (workers === undefined) {
    findings.push({
      level: 'note',
      code: 'workers-not-told',
      what: `The engine does not say whether a worker listens to the queue ${name}; ${counted(waiting, 'job waits', 'jobs wait')}.`,
      advice: 'Ask your orchestrator which workers run.',
      items: [],
    });
  }
  if (paused) {
    findings.push({
      level: 'problem',
      code: 'queue-paused',
      what: `The queue ${name} is paused; ${counted(waiting, 'job waits', 'jobs wait')}.`,
      advice: 'Parcelpost never pauses a queue. Whoever did so is to resume it.',
      items: [],
    });
  }
  return findings;
}

/** Failed merges are nobody's plan; of other jobs the exports and follow-ups say what came of it. */
function failedFindings({ name, failed }: QueueLook, sinceSeconds: number): Finding[] {
  if (failed.length === 0) return [];
  const merges = name === META_QUEUE;
  return [
    {
      level: merges ? 'problem' : 'note',
      code: 'jobs-failed',
      what: `${counted(failed.length, 'job')} of the queue ${name} failed in the last ${Math.round(sinceSeconds / 3600)} h.`,
      advice: merges
        ? 'Their exports are decided by a reconciler; why the merge failed is in the workers’ log, by exportId.'
        : 'What came of them is told by their exports and follow-ups; no job needs to be run again by hand.',
      items: failed.slice(0, NAMED).map((job) => oneLine(`${job.id}  ${job.name}, ${age(job.at)} ago: ${job.reason}`)),
    },
  ];
}

/** Follow-ups whose queue has workers, none of which has begun them. */
function unbegunFindings(tasks: UnbegunTask[]): Finding[] {
  if (tasks.length === 0) return [];
  return [
    {
      level: 'problem',
      code: 'follow-ups-not-begun',
      what: 'Follow-ups wait in a queue that has workers, and none begins them.',
      advice: 'The workers have too much to do, or hang: start more of them, and read their logs.',
      items: tasks.map(({ task, count, oldest }) => `${task}: ${count}, the oldest for ${age(oldest)}`),
    },
  ];
}
