import { describe, expect, it } from 'vitest';
import { type Diagnosis, exitCode, tell } from './diagnosis.js';

describe('a diagnosis', () => {
  const problem = { level: 'problem' as const, code: 'p', what: 'It hangs.', advice: 'See {ops} list', items: ['one'] };
  const note = { ...problem, level: 'note' as const, what: 'By the way.' };
  const of = (changes: Partial<Diagnosis>): Diagnosis => ({ findings: [], unknown: [], seen: [], ...changes });
  const unknown = [{ what: 'queues', why: 'no answer' }];

  it.each([
    ['nothing', of({}), 0],
    ['notes', of({ findings: [note] }), 0],
    ['a problem', of({ findings: [note, problem] }), 1],
    ['something that could not be looked at', of({ findings: [problem], unknown }), 2],
  ])('of %s ends with its code', (_, diagnosis, code) => {
    expect(exitCode(diagnosis)).toBe(code);
  });

  it('tells what is unknown, then problems, then notes, each with its advice, and what was looked at', () => {
    const text = tell(of({ findings: [note, problem], unknown, seen: ['storage', '2 open exports'] }));
    const parts = [
      'CANNOT TELL  queues: no answer',
      'PROBLEM  It hangs.',
      'NOTE  By the way.',
      'Looked at: storage; 2',
    ];
    expect(parts.map((part) => text.indexOf(part))).toEqual(
      parts.map((part) => text.indexOf(part)).toSorted((a, b) => a - b),
    );
    for (const part of parts) expect(text).toContain(part);
    expect(text).toMatch(/ {4}one\n {2}→ See (npm run ops --|node apps.*ops\.js) list/);
    expect(text).toContain('Not all could be looked at; 1 problem in the rest.');
    expect(tell(of({ findings: [note] }))).toContain('Nothing is stuck.');
  });
});
