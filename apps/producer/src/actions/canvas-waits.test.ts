import type { Signature } from '@parcelpost/shared/signatures/signature.js';
import { describe, expect, it } from 'vitest';
import { waits } from './canvas-waits.js';

const callbacks = { onSuccess: [], onFailure: [] };
const task = (delay: number, more: object = {}) =>
  ({ task: 'log.info', args: {}, options: { delay }, immutable: false, ...callbacks, ...more }) as Signature;
const once = (task: string) => ({
  attempts: 1,
  backoff: 1000,
  routed: task.startsWith('gis.'),
  patience: task === 'export.project' ? 50 : 0,
});
const planned = (signature: Signature, begin = 0) =>
  Object.fromEntries(
    [...waits([signature], 'onSuccess', { planned: begin, retries: 0 }, once)].map(([place, wait]) => [
      place.replace('onSuccess/0', ''),
      wait.planned,
    ]),
  );

describe('how late a call may come', () => {
  it('is after its own delay, and that of the list’s beginning', () => {
    expect(planned(task(5), 100)).toEqual({ '': 105 });
  });

  it('grows along a chain, and not beside it', () => {
    const chain = { chain: [task(1), { group: [task(2), task(20)], ...callbacks }, task(3)], ...callbacks };
    expect(planned(chain)).toEqual({ '/chain/0': 1, '/chain/1/group/0': 3, '/chain/1/group/1': 21, '/chain/2': 24 });
  });

  it('of a chord’s body is after its latest member', () => {
    expect(planned({ chord: [task(1), task(9)], body: task(2), ...callbacks })).toMatchObject({ '/body': 11 });
  });

  it('is after the time for which it may be postponed, and so is what comes after it', () => {
    const postponed = { chain: [task(1, { task: 'export.project' }), task(2)], ...callbacks };
    expect(planned(postponed, 100)).toEqual({ '/chain/0': 151, '/chain/1': 153 });
  });

  it('of a callback is after what it is called by', () => {
    const called = { chain: [task(4, { onSuccess: [task(1)] })], ...callbacks, onFailure: [task(2)] };
    expect(planned(called)).toMatchObject({ '/chain/0/onSuccess/0': 5, '/onFailure/0': 6 });
  });

  it('is after the time that tasks before it are given: each try of ours, all tries of another service’s', () => {
    const after = (first: object) => {
      const chain = { chain: [task(5, first), task(0)], ...callbacks } as Signature;
      return waits([chain], 'onSuccess', { planned: 0, retries: 0 }, once).get('onSuccess/0/chain/1');
    };
    const options = { delay: 5, timeout: 100, attempts: 3, backoff: 0 };
    expect(after({ options })).toEqual({ planned: 105, retries: 200 });
    expect(after({ task: 'gis.index', options: { ...options, backoff: 1000 } })).toEqual({ planned: 105, retries: 0 });
    expect(after({ task: 'gis.index', options: { attempts: 2, backoff: 1000 } })).toEqual({
      planned: 0,
      retries: 1250,
    });
  });

  it('counts the pauses between tries, doubling to twelve hours, at their longest', () => {
    const hour = 3_600_000;
    const tries = (options: object, usual = { attempts: 1, backoff: 1000 }) =>
      waits([task(0, { options })], 'onSuccess', { planned: 0, retries: 0 }, () => ({
        ...usual,
        routed: false,
        patience: 0,
      })).get('onSuccess/0')?.retries;
    expect(tries({})).toBe(0);
    expect(tries({}, { attempts: 3, backoff: 1000 })).toBe(3000 * 1.25);
    expect(tries({ attempts: 2 }, { attempts: 3, backoff: 1000 })).toBe(1250);
    expect(tries({ attempts: 5, backoff: 6 * hour })).toBe((6 * 1.25 + 12 * 3) * hour);
  });
});
