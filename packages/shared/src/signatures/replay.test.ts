import { describe, expect, it } from 'vitest';
import { CanvasRun, chain, chord, END, group, task } from '../../../../test/support/canvas-run.js';
import { reopen } from './canvas.js';

const fault = (place: string) => `fault of ${place}`;
const result = (place: string) => `result of ${place}`;

describe('a replay', () => {
  it('of a failed member goes on with chord and chain as if it had succeeded at first, calling nothing twice', () => {
    const run = new CanvasRun([
      chain([chord([task('x'), task('y')], task('b'), { onFailure: [task('f')] }), task('z')], {
        onSuccess: [task('s')],
        onFailure: [task('g')],
      }),
    ]);
    run.end('0/chain/0/chord/1');
    run.end('0/chain/0/chord/0', 'failed');
    run.end('0/chain/0/onFailure/0');
    expect(run.states).toMatchObject({ '0': 'failed', '0/onFailure/0': 'pending' });

    run.replay('0/chain/0/chord/0');
    expect(run.pending).toEqual(['0/chain/0/chord/0', '0/onFailure/0']);
    expect(run.row('0/chain/0/chord/0').input).toBe(END);
    expect(run.states).toEqual({
      '0': 'active',
      '0/chain/0': 'active',
      '0/chain/0/chord/0': 'pending',
      '0/chain/0/chord/1': 'done',
      '0/chain/0/body': 'waiting',
      '0/chain/0/onFailure/0': 'done',
      '0/chain/1': 'waiting',
      '0/onSuccess/0': 'waiting',
      '0/onFailure/0': 'pending',
    });
    for (const place of ['0/chain/0/chord/0', '0/chain/0/body', '0/chain/1', '0/onSuccess/0']) run.end(place);
    expect(run.row('0')).toMatchObject({ state: 'done', result: result('0/chain/1') });
    expect(run.states).toMatchObject({ '0/chain/0/onFailure/0': 'done', '0/onFailure/0': 'pending' });
    expect(run.called.filter((place) => place.endsWith('onFailure/0'))).toHaveLength(2);
  });

  it('that fails again does not call onFailure again, and may be replayed again', () => {
    const run = new CanvasRun([chain([task('x', { onFailure: [task('f')] }), task('y')], { onFailure: [task('g')] })]);
    run.end('0/chain/0', 'failed');
    run.end('0/chain/0/onFailure/0', 'failed');
    run.end('0/onFailure/0');
    run.replay('0/chain/0');
    run.end('0/chain/0', 'failed');
    expect(run.pending).toEqual([]);
    expect(run.states).toMatchObject({ '0': 'failed', '0/chain/1': 'skipped', '0/chain/0/onFailure/0': 'failed' });
    run.replay('0/chain/0');
    run.end('0/chain/0');
    run.end('0/chain/1');
    expect(run.states).toMatchObject({ '0': 'done', '0/onFailure/0': 'done' });
  });

  it('of one of two failed members leaves the group failed with the other’s fault, until that one is replayed too', () => {
    const run = new CanvasRun([group([task('x'), task('y')], { onSuccess: [task('s')], onFailure: [task('f')] })]);
    run.end('0/group/0', 'failed');
    run.end('0/group/1', 'failed');
    run.replay('0/group/0');
    run.end('0/group/0');
    expect(run.row('0')).toMatchObject({ state: 'failed', fault: fault('0/group/1') });
    expect(run.states['0/onSuccess/0']).toBe('skipped');
    run.replay('0/group/1');
    run.end('0/group/1');
    expect(run.row('0')).toMatchObject({ state: 'done', result: [result('0/group/0'), result('0/group/1')] });
    expect(run.row('0/onSuccess/0').input).toEqual([result('0/group/0'), result('0/group/1')]);
  });

  it('while other members still run changes nothing above', () => {
    const run = new CanvasRun([chain([group([task('x'), task('y')]), task('z')])]);
    run.end('0/chain/0/group/0', 'failed');
    expect(run.replay('0/chain/0/group/0')).toEqual([{ id: run.row('0/chain/0/group/0').id, state: 'pending' }]);
  });

  it('of a callback goes on below that callback alone', () => {
    const run = new CanvasRun([chain([task('x', { onFailure: [chain([task('f'), task('g')])] })])]);
    run.end('0/chain/0', 'failed');
    run.end('0/chain/0/onFailure/0/chain/0', 'failed');
    run.replay('0/chain/0/onFailure/0/chain/0');
    expect(run.states).toMatchObject({
      '0': 'failed',
      '0/chain/0': 'failed',
      '0/chain/0/onFailure/0': 'active',
      '0/chain/0/onFailure/0/chain/1': 'waiting',
    });
  });

  it('of what is no task of the canvas is a mistake of who asks', () => {
    const run = new CanvasRun([chain([task('x'), task('y')])]);
    run.end('0/chain/0', 'failed');
    expect(() => run.replay('0')).toThrow(/no task/);
    expect(() => reopen(run.rows, 'nowhere')).toThrow(/no task nowhere/);
  });
});
