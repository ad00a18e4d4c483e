import { expect, it } from 'vitest';
import { queuesToServe } from './roles.js';

const TASKS = ['msg.email', 'webhook.post', 'log.info', 'lake.load', 'lake.drop'];

it('a worker listens to what it was given, once, and always to the meta queue', () => {
  expect(queuesToServe(['export', 'lake', 'export'], TASKS, [])).toEqual(['meta', 'export', 'lake']);
  expect(queuesToServe(['meta', 'msg'], TASKS, [])).toEqual(['meta', 'msg']);
});

it('a worker that was given nothing listens to every queue that its tasks live in', () => {
  expect(queuesToServe(undefined, TASKS, ['gis'])).toEqual(['meta', 'export', 'msg', 'webhook', 'log', 'lake']);
});

it('does not start for a queue in which none of its tasks lives', () => {
  expect(() => queuesToServe(['msg', 'fax'], TASKS, [])).toThrow(
    'WORKER_QUEUES is wrong: no task that this worker knows lives in the queue fax. It may name export, lake, log, meta, msg, webhook;',
  );
});

it('does not start for a queue that another service owns', () => {
  expect(() => queuesToServe(['gis'], TASKS, ['gis'])).toThrow(/gis is the queue of another service \(TASK_ROUTES\)/);
});
