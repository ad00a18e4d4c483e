/** What the doctor finds, and how it is told. */
import { PROGRAM } from './context.js';
import { counted } from './text.js';

export interface Finding {
  /** A `problem` wants something done; a `note` is worth knowing. */
  level: 'problem' | 'note';
  /** Says which kind of finding it is, to programs: `follow-ups-failed`. */
  code: string;
  /** What is the matter, in one sentence. */
  what: string;
  /** What to do about it. */
  advice: string;
  /** Each a line: which exports, follow-ups, jobs; the first of them where there are many. */
  items: string[];
}

export interface Diagnosis {
  findings: Finding[];
  /** What could not be looked at, and why. */
  unknown: { what: string; why: string }[];
  /** What was looked at, in a few words each. */
  seen: string[];
}

/** One look: adds what it finds. Throws where it cannot tell. */
export interface Check {
  /** What is looked at, as it is called where it cannot be. */
  name: string;
  run(): Promise<Partial<Pick<Diagnosis, 'findings' | 'seen'>>>;
}

/** Runs checks one after the other; one that throws is noted as unknown and the next one is run. */
export async function runChecks(checks: readonly Check[]): Promise<Diagnosis> {
  const diagnosis: Diagnosis = { findings: [], unknown: [], seen: [] };
  for (const check of checks) {
    try {
      const { findings = [], seen = [] } = await check.run();
      diagnosis.findings.push(...findings);
      diagnosis.seen.push(...seen);
    } catch (error) {
      diagnosis.unknown.push({ what: check.name, why: reasonOf(error) });
    }
  }
  return diagnosis;
}

/** What an error says; several addresses that refused give one without a message of its own. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** 0: nothing is wrong. 1: something is. 2: not all could be looked at. */
export function exitCode({ findings, unknown }: Diagnosis): 0 | 1 | 2 {
  if (unknown.length > 0) return 2;
  return findings.some(({ level }) => level === 'problem') ? 1 : 0;
}

/** The diagnosis for people, problems first. */
export function tell(diagnosis: Diagnosis): string {
  const { findings, unknown, seen } = diagnosis;
  const blocks = unknown.map(({ what, why }) => `CANNOT TELL  ${what}: ${why}`);
  for (const level of ['problem', 'note'] as const) {
    for (const finding of findings.filter((one) => one.level === level)) {
      const items = finding.items.map((item) => `    ${item}`);
      blocks.push(
        [
          `${level.toUpperCase()}  ${finding.what}`,
          ...items,
          `  → ${finding.advice.replaceAll('{ops}', PROGRAM)}`,
        ].join('\n'),
      );
    }
  }
  const problems = findings.filter(({ level }) => level === 'problem').length;
  const end =
    unknown.length > 0
      ? `Not all could be looked at; ${counted(problems, 'problem')} in the rest.`
      : problems === 0
        ? 'Nothing is stuck.'
        : `${counted(problems, 'problem')}.`;
  blocks.push([end, ...(seen.length > 0 ? [`Looked at: ${seen.join('; ')}.`] : [])].join('\n'));
  return blocks.join('\n\n');
}
