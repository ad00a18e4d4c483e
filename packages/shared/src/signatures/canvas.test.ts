import { describe, expect, it } from 'vitest';
import { CanvasRun, chain, chord, END, group, task } from '../../../../test/support/canvas-run.js';
import { advance } from './canvas.js';
import { outboxId } from './place.js';
import { plant } from './plant.js';
import { LIST_BYTES } from './signature.js';

const where = { exportId: 'f7a3c8de-0000-4000-8000-000000000000', generation: 3, hook: 'onFailure' } as const;
const fault = (place: string) => `fault of ${place}`;
const result = (place: string) => `result of ${place}`;

describe('planting', () => {
  it('makes a node of every signature, waiting, parents before children, ids by place', () => {
    const nodes = plant([chord([task('x')], chain([task('y')]), { onFailure: [task('z')] })], where);
    expect(nodes.map(({ place, role, position, kind, state }) => [place, role, position, kind, state])).toEqual([
      ['onFailure/0', 'root', 0, 'chord', 'waiting'],
      ['onFailure/0/chord/0', 'member', 0, 'task', 'waiting'],
      ['onFailure/0/body', 'body', 0, 'chain', 'waiting'],
      ['onFailure/0/body/chain/0', 'step', 0, 'task', 'waiting'],
      ['onFailure/0/onFailure/0', 'onFailure', 0, 'task', 'waiting'],
    ]);
    const parents = nodes.map(({ parentId }) => nodes.find(({ id }) => id === parentId)?.place);
    expect(parents).toEqual([undefined, 'onFailure/0', 'onFailure/0', 'onFailure/0/body', 'onFailure/0']);
    for (const node of nodes) expect(node).toMatchObject({ id: outboxId({ ...where, ...node }), hook: 'onFailure' });
  });

  it('keeps of a call what its row needs, and gives a next export its sealed token', () => {
    const signature = {
      ...task('x'),
      task: 'export.project',
      args: { a: 1 },
      options: { delay: 5 },
      immutable: true,
      mac: 'M',
    };
    const sealed = { 'onFailure/0/chain/1': { token: 'sealed', next: {} } };
    expect(plant([chain([task('y'), signature])], where, sealed)).toMatchObject([
      { task: 'canvas.chain', args: {}, options: {}, immutable: false, mac: null, sealed: null },
      { task: 'a.y', args: {}, options: {}, immutable: false, mac: null, sealed: null },
      {
        task: 'export.project',
        args: { a: 1 },
        options: { delay: 5 },
        immutable: true,
        mac: 'M',
        sealed: { token: 'sealed', next: {} },
      },
    ]);
  });
});

describe('beginning', () => {
  it('starts every root in the order of the list, with what is called first below it, all with the export’s end', () => {
    const run = new CanvasRun([task('x'), chain([group([task('y'), task('z')]), task('w')]), task('v')]);
    expect(run.called).toEqual(['0', '1/chain/0/group/0', '1/chain/0/group/1', '2']);
    expect(run.called.map((place) => run.row(place).input)).toEqual([END, END, END, END]);
    expect(run.states).toMatchObject({ '1': 'active', '1/chain/0': 'active', '1/chain/1': 'waiting' });
  });
});

describe('a task', () => {
  const both = { onSuccess: [task('s0'), task('s1')], onFailure: [task('f0'), task('f1')] };

  it('that is done calls its onSuccess in order with its result, and skips its onFailure', () => {
    const run = new CanvasRun([task('x', both)]);
    run.end('0');
    expect(run.called).toEqual(['0', '0/onSuccess/0', '0/onSuccess/1']);
    expect(run.row('0/onSuccess/1').input).toBe(result('0'));
    expect(run.states).toMatchObject({ '0/onFailure/0': 'skipped', '0/onFailure/1': 'skipped' });
  });

  it('that failed calls its onFailure in order with its fault, and skips its onSuccess with all below', () => {
    const run = new CanvasRun([
      task('x', { ...both, onSuccess: [chain([task('s', { onFailure: [task('never')] })])] }),
    ]);
    run.end('0', 'failed');
    expect(run.called).toEqual(['0', '0/onFailure/0', '0/onFailure/1']);
    expect(run.row('0/onFailure/0').input).toBe(fault('0'));
    expect(run.states).toMatchObject({
      '0/onSuccess/0': 'skipped',
      '0/onSuccess/0/chain/0': 'skipped',
      '0/onSuccess/0/chain/0/onFailure/0': 'skipped',
    });
  });

  it('ends with nothing to follow where nothing is linked to it', () => {
    expect(new CanvasRun([task('x')]).end('0', 'failed')).toEqual([]);
  });

  it('that is not there, or joins others, cannot end', () => {
    const { rows } = new CanvasRun([chain([task('x')])]);
    for (const id of ['nowhere', rows[0]?.id as string]) expect(() => advance(rows, id, 'done')).toThrow(id);
  });
});

describe('a chain', () => {
  it('hands each result to the next step; its own is the last one’s', () => {
    const run = new CanvasRun([chain([task('x'), task('y'), task('z')], { onSuccess: [task('s')] })]);
    for (const place of ['0/chain/0', '0/chain/1', '0/chain/2']) run.end(place);
    expect(run.row('0/chain/1').input).toBe(result('0/chain/0'));
    expect(run.row('0/chain/2').input).toBe(result('0/chain/1'));
    expect(run.row('0')).toMatchObject({ state: 'done', result: result('0/chain/2') });
    expect(run.row('0/onSuccess/0').input).toBe(result('0/chain/2'));
  });

  it('calls a step’s callbacks before the next step', () => {
    const run = new CanvasRun([chain([task('x', { onSuccess: [task('s')] }), task('y')])]);
    run.end('0/chain/0');
    expect(run.called).toEqual(['0/chain/0', '0/chain/0/onSuccess/0', '0/chain/1']);
  });

  it('ends with a failed step: the rest is skipped, and its onFailure gets that step’s fault', () => {
    const run = new CanvasRun([
      chain([task('x'), task('y'), task('z', { onSuccess: [task('never')] })], { onFailure: [task('f')] }),
    ]);
    run.end('0/chain/0');
    run.end('0/chain/1', 'failed');
    expect(run.states).toMatchObject({
      '0': 'failed',
      '0/chain/2': 'skipped',
      '0/chain/2/onSuccess/0': 'skipped',
      '0/onFailure/0': 'pending',
    });
    expect(run.row('0/onFailure/0').input).toBe(fault('0/chain/1'));
  });
});

describe('a group', () => {
  it('gives the list of results in the order of its members, whatever the order of their ends', () => {
    const run = new CanvasRun([group([task('x'), task('y'), task('z')], { onSuccess: [task('s')] })]);
    for (const place of ['0/group/2', '0/group/0', '0/group/1']) run.end(place);
    expect(run.row('0/onSuccess/0').input).toEqual(['0/group/0', '0/group/1', '0/group/2'].map(result));
  });

  it('fails with the first failed member by position, once the others have gone on to their ends', () => {
    const run = new CanvasRun([
      group([task('x'), task('y'), task('z')], { onFailure: [task('f')], onSuccess: [task('s')] }),
    ]);
    run.end('0/group/2', 'failed');
    expect(run.states).toMatchObject({ '0': 'active', '0/group/0': 'pending', '0/group/1': 'pending' });
    run.end('0/group/1', 'failed');
    run.end('0/group/0');
    expect(run.row('0')).toMatchObject({ state: 'failed', fault: fault('0/group/1') });
    expect(run.row('0/onFailure/0').input).toBe(fault('0/group/1'));
    expect(run.states['0/onSuccess/0']).toBe('skipped');
  });
});

describe('members whose results are more together than is handed on', () => {
  const half = LIST_BYTES / 2;
  const both = { onSuccess: [task('s')], onFailure: [task('f')] };

  it('fail their chord, with a fault of its own: the body is skipped, its onFailure called', () => {
    const run = new CanvasRun([chord([task('x'), task('y')], task('b'), both)]);
    for (const place of ['0/chord/0', '0/chord/1']) {
      run.row(place).bytes = half;
      run.end(place);
    }
    expect(run.states).toMatchObject({ '0': 'failed', '0/body': 'skipped', '0/onSuccess/0': 'skipped' });
    expect(run.row('0/onFailure/0').input).toBe(`0 has ${LIST_BYTES + 4} bytes`);
  });

  it('fail the group around their group, whose own list is not too long', () => {
    const run = new CanvasRun([group([group([task('x'), task('y')]), chain([task('z')])], both)]);
    for (const [place, bytes] of [
      ['0/group/0/group/0', half / 2],
      ['0/group/0/group/1', half / 2],
      ['0/group/1/chain/0', half - 8],
    ] as const) {
      run.row(place).bytes = bytes;
      run.end(place);
    }
    expect(run.states).toMatchObject({
      '0/group/0': 'done',
      '0/group/1': 'done',
      '0': 'done',
      '0/onFailure/0': 'skipped',
    });
    const one = new CanvasRun([group([group([task('x'), task('y')]), chain([task('z')])], both)]);
    for (const place of ['0/group/0/group/0', '0/group/0/group/1', '0/group/1/chain/0']) {
      one.row(place).bytes = half - 8;
      one.end(place);
    }
    expect(one.states).toMatchObject({ '0/group/0': 'done', '0': 'failed', '0/onSuccess/0': 'skipped' });
  });
});

describe('a chord', () => {
  it('calls its body once, with the list of results, when the last member is done; its result is the body’s', () => {
    const run = new CanvasRun([chord([task('x'), task('y')], task('b'), { onSuccess: [task('s')] })]);
    run.end('0/chord/1');
    expect(run.pending).toEqual(['0/chord/0']);
    run.end('0/chord/0');
    expect(run.pending).toEqual(['0/body']);
    expect(run.row('0/body').input).toEqual([result('0/chord/0'), result('0/chord/1')]);
    run.end('0/body');
    expect(run.row('0')).toMatchObject({ state: 'done', result: result('0/body') });
    expect(run.row('0/onSuccess/0').input).toBe(result('0/body'));
    expect(run.called.filter((place) => place === '0/body')).toHaveLength(1);
  });

  it('skips its body with all below where a member failed, and fails with that member’s fault', () => {
    const run = new CanvasRun([
      chord([task('x'), task('y')], chain([task('b')], { onFailure: [task('never')] }), { onFailure: [task('f')] }),
    ]);
    run.end('0/chord/0', 'failed');
    run.end('0/chord/1');
    expect(run.states).toMatchObject({
      '0': 'failed',
      '0/body': 'skipped',
      '0/body/chain/0': 'skipped',
      '0/body/onFailure/0': 'skipped',
      '0/onFailure/0': 'pending',
    });
    expect(run.row('0/onFailure/0').input).toBe(fault('0/chord/0'));
  });

  it('fails with its body', () => {
    const run = new CanvasRun([chord([task('x')], task('b'), { onFailure: [task('f')] })]);
    run.end('0/chord/0');
    run.end('0/body', 'failed');
    expect(run.row('0/onFailure/0').input).toBe(fault('0/body'));
  });

  it('inside a chain inside a group ends all above it at once', () => {
    const run = new CanvasRun([
      group([chain([task('x'), chord([task('y'), task('z')], task('b'))])], { onSuccess: [task('s')] }),
    ]);
    run.end('0/group/0/chain/0');
    expect(run.row('0/group/0/chain/1/chord/1').input).toBe(result('0/group/0/chain/0'));
    run.end('0/group/0/chain/1/chord/0');
    run.end('0/group/0/chain/1/chord/1');
    run.end('0/group/0/chain/1/body');
    expect(run.states).toMatchObject({ '0': 'done', '0/group/0': 'done', '0/group/0/chain/1': 'done' });
    expect(run.row('0/onSuccess/0').input).toEqual([result('0/group/0/chain/1/body')]);
  });
});

describe('callbacks', () => {
  it('that fail change nothing above them', () => {
    const run = new CanvasRun([chain([task('x', { onSuccess: [task('s', { onFailure: [task('f')] })] }), task('y')])]);
    run.end('0/chain/0');
    run.end('0/chain/0/onSuccess/0', 'failed');
    run.end('0/chain/1');
    expect(run.states).toMatchObject({
      '0': 'done',
      '0/chain/0': 'done',
      '0/chain/0/onSuccess/0/onFailure/0': 'pending',
    });
  });

  it('may be composed, and have callbacks of their own', () => {
    const run = new CanvasRun([
      task('x', { onFailure: [chord([task('m')], task('b'), { onSuccess: [task('told')] })] }),
    ]);
    run.end('0', 'failed');
    expect(run.row('0/onFailure/0/chord/0').input).toBe(fault('0'));
    run.end('0/onFailure/0/chord/0');
    run.end('0/onFailure/0/body');
    expect(run.pending).toEqual(['0/onFailure/0/onSuccess/0']);
    expect(run.states['0']).toBe('failed');
  });
});

it('takes time linear in the number of nodes', () => {
  const { rows } = new CanvasRun([
    chord(
      Array.from({ length: 50_000 }, () => task('x')),
      task('b'),
    ),
  ]);
  const nodes = rows.map((row) => (row.role === 'member' ? { ...row, state: 'done' as const } : row));
  const started = performance.now();
  const transitions = advance(nodes, nodes[1]?.id as string, 'done');
  expect(transitions).toMatchObject([{ state: 'pending', input: { from: 'results' } }]);
  expect(performance.now() - started).toBeLessThan(2000);
});
