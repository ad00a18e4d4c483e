import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError } from '../config.js';
import { BUILT_IN_REGISTRY, BUILT_IN_TASKS, createRegistry, defaultsOf, defineTask, queueOfTask } from './registry.js';

const task = defineTask({ summary: 'Does something', args: z.strictObject({}) });

it('without anything configured knows the built-in tasks and their queues, and routes nothing', () => {
  expect(BUILT_IN_REGISTRY.names).toEqual(['export.project', 'log.info', 'msg.email', 'webhook.post']);
  expect(BUILT_IN_REGISTRY.queues).toEqual(['export', 'log', 'msg', 'webhook']);
  expect(BUILT_IN_REGISTRY.routes).toEqual([]);
  for (const name of BUILT_IN_REGISTRY.names) {
    expect(BUILT_IN_REGISTRY.lookUp(name)?.summary).toMatch(/./);
    expect(BUILT_IN_REGISTRY.isRouted(name)).toBe(false);
  }
  for (const name of ['constructor', '__proto__', 'msg', 'msg.email.x']) {
    expect(BUILT_IN_REGISTRY.lookUp(name)).toBe(undefined);
  }
});

it('adds own tasks with their queues, and queues of other services', () => {
  const registry = createRegistry({ own: { 'lake.load': task, 'msg.sms': task }, routes: ['reports', 'gis', 'gis'] });
  expect(registry.queues).toEqual(['export', 'lake', 'log', 'msg', 'webhook']);
  expect(registry.routes).toEqual(['gis', 'reports']);
  expect(registry.lookUp('msg.sms')).toBe(task);
  expect(['gis.index', 'gis.index.all', 'gisx.index', 'msg.email'].map(registry.isRouted)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

describe('a route is refused, by name and reason,', () => {
  it.each([
    ['meta', 'in which exports are made'],
    ['export', 'in which exports are made'],
    ['msg', 'in which the task msg.email runs'],
    ['webhook', 'in which the task webhook.post runs'],
    ['log', 'in which the task log.info runs'],
    ['lake', 'in which the task lake.load runs'],
  ])('where it is the queue %s of ours', (route, why) => {
    const run = () => createRegistry({ own: { 'lake.load': task }, routes: ['gis', route] });
    expect(run).toThrow(ConfigError);
    expect(run).toThrow(`TASK_ROUTES is wrong: ${route} is a queue of this service, ${why}`);
  });
});

it('the queue of a task is its name up to the first dot', () => {
  expect(['msg.email', 'lake.load.fast', 'lake'].map(queueOfTask)).toEqual(['msg', 'lake', 'lake']);
});

it('a task that does not say how often it is tried has the tries of its kind', () => {
  expect(defaultsOf('webhook.post')).toEqual({ attempts: 14, backoff: 5000 });
  expect(defaultsOf('msg.email')).toEqual({ attempts: 8, backoff: 2000 });
  for (const name of ['log.info', 'export.project', 'gis.index', 'constructor']) {
    expect(defaultsOf(name)).toEqual({ attempts: 3, backoff: 2000 });
  }
});

it('built-in tasks take no argument that is not theirs', () => {
  for (const { args } of Object.values(BUILT_IN_TASKS)) {
    expect(z.toJSONSchema(args, { io: 'input' })).toMatchObject({ type: 'object', additionalProperties: false });
  }
});
