/** Follow-ups of many shapes, made of webhooks that tell where they stood; some of them are refused on purpose. */
import type { Random } from '@parcelpost/infra/samples/random.js';
import { API_TOKEN, ORGANIZATION } from './platform.js';

/** A signature as a requester writes it. */
export interface Asked {
  task?: string;
  args?: { url?: string; [name: string]: unknown };
  options?: { attempts?: number; backoff?: number; delay?: number };
  immutable?: boolean;
  chain?: Asked[];
  group?: Asked[];
  chord?: Asked[];
  body?: Asked;
  onSuccess?: Asked[];
  onFailure?: Asked[];
}

export interface Lists {
  onSuccess: Asked[];
  onFailure: Asked[];
}

/** Address of a webhook, by the list it is in and its own label. */
type UrlOf = (list: keyof Lists, label: string) => string;
type Hook = (label: string, more?: Asked) => Asked;

const REFUSED = 'refused';
/** Tries of a webhook that is refused each time. */
export const REFUSED_TRIES = 2;

/** Whether the endpoint refuses what comes to this address, each time. */
export const isRefused = (url: string): boolean => url.endsWith(`/${REFUSED}`);

const refused = (hook: Hook, more: Asked = {}): Asked =>
  hook(REFUSED, { options: { attempts: REFUSED_TRIES, backoff: 100 }, ...more });

/** Each makes a list of signatures. */
const RECIPES: readonly ((hook: Hook, random: Random) => Asked[])[] = [
  (hook) => [hook('only')],
  (hook) => [hook('only')],
  (hook) => [hook('first'), hook('second', { immutable: true }), hook('third')],
  (hook) => [{ chain: [hook('step-1'), hook('step-2')] }],
  (hook) => [{ chord: [hook('member-1'), hook('member-2'), hook('member-3')], body: hook('body') }],
  (hook) => [refused(hook, { onFailure: [hook('sorry')] }), hook('other')],
  (hook) => [{ chain: [hook('step-1'), refused(hook), hook('never')], onFailure: [hook('sorry')] }],
  (hook) => [
    {
      chord: [hook('member-1'), refused(hook), hook('member-3')],
      body: hook('never'),
      onSuccess: [hook('never-either')],
      onFailure: [hook('sorry')],
    },
  ],
  (hook, random) => [hook('later', { options: { delay: random.int(200, 2000) } }), hook('at-once')],
  (hook) => [
    {
      chain: [
        hook('step-1'),
        { chord: [hook('member-1'), { chain: [hook('member-2a'), hook('member-2b')] }], body: hook('body') },
        { group: [hook('side-1'), hook('side-2', { onSuccess: [hook('after-side-2')] })] },
      ],
      onSuccess: [hook('last')],
    },
  ],
];
const NEXT_SHARE = 0.08;

/** Both lists of one request; now and then the first starts another export. */
export function followUps(random: Random, number: number, urlOf: UrlOf): Lists {
  const hookOf =
    (list: keyof Lists): Hook =>
    (label, more = {}) => ({ task: 'webhook.post', args: { url: urlOf(list, label) }, ...more });
  const onSuccess = random.pick(RECIPES)(hookOf('onSuccess'), random);
  const onFailure = random.pick(RECIPES)(hookOf('onFailure'), random);
  if (random.next() < NEXT_SHARE) {
    const request = {
      formats: ['csv'],
      apiToken: API_TOKEN,
      onSuccess: [hookOf('onSuccess')('of-the-next')],
      onFailure: [hookOf('onFailure')('of-the-next')],
    };
    onSuccess.push({
      task: 'export.project',
      args: { organization: ORGANIZATION, project: `plain-${number}-next`, request },
    });
  }
  return { onSuccess, onFailure };
}
