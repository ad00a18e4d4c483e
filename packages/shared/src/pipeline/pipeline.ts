/** The ordered list of steps, as everybody knows it. */
import { ConfigError } from '../config.js';
import type { ExportOptions } from '../export-request.js';
import { BUILT_IN_STEPS } from './built-in-steps.js';
import { DeclaredStep } from './declared-step.js';
import type { StepView, StepWork } from './step-view.js';

/** Versions of steps by their names. */
export type StepVersions = Readonly<Record<string, string>>;

export class Pipeline<S extends DeclaredStep = DeclaredStep> {
  /** @param steps in their order, which is the order of the files in a bundle */
  constructor(readonly steps: readonly S[]) {}

  /** Every format that a request may name, sorted. */
  get formats(): string[] {
    return [...new Set(this.steps.flatMap(({ formats }) => (formats === 'all' ? [] : formats)))].sort();
  }

  /** The steps that a request asks for. */
  applicable(options: Pick<ExportOptions, 'formats'>): S[] {
    return this.steps.filter((step) => step.isApplicable(options));
  }

  /** The versions of those. */
  versions(options: Pick<ExportOptions, 'formats'>): Record<string, string> {
    return Object.fromEntries(this.applicable(options).map(({ name, version }) => [name, version]));
  }

  /**
   * The steps whose work is needed again for results that were made by these versions; a step that did not exist then is
   * one of them. Pure: it is asked while a page is served.
   */
  outdated(options: Pick<ExportOptions, 'formats'>, made: StepVersions): string[] {
    return this.applicable(options)
      .filter((step) => step.isNeeded({ made: made[step.name], fits: true }))
      .map(({ name }) => name);
  }

  /** What pages show of each step that a request asks for, in order. */
  context(options: Pick<ExportOptions, 'formats'>, work: StepWork): StepView[] {
    return this.applicable(options).map((step) => step.context(work));
  }
}

/**
 * Puts steps of one's own into the list: each before the one that it names, or at the end; several in the order given.
 * @throws {ConfigError} if a name is taken, or none bears the name before which one is to stand
 */
export function inOrder<S extends DeclaredStep>(
  steps: readonly S[],
  own: readonly { step: S; before?: string }[],
): S[] {
  const ordered = [...steps];
  for (const { step, before } of own) {
    const at = `the step "${step.name}"`;
    if (ordered.some(({ name }) => name === step.name)) {
      throw new ConfigError(`STEPS_MODULE is wrong: ${at} has the name of another step; give it one of its own`);
    }
    const place = before === undefined ? ordered.length : ordered.findIndex(({ name }) => name === before);
    if (place < 0) {
      const names = ordered.map(({ name }) => name).join(', ');
      throw new ConfigError(
        `STEPS_MODULE is wrong: ${at} is to stand before "${before}", which is no step; there are ${names}`,
      );
    }
    if (step.uses !== 'all') {
      const late = step.uses.find((name) => !ordered.slice(0, place).some((earlier) => earlier.name === name));
      if (late !== undefined) {
        throw new ConfigError(`STEPS_MODULE is wrong: ${at} uses "${late}", which is no step before it`);
      }
    }
    ordered.splice(place, 0, step);
  }
  return ordered;
}

/** The pipeline as the producer knows it. */
export function declaredPipeline(own: readonly { step: DeclaredStep; before?: string }[] = []): Pipeline {
  return new Pipeline(
    inOrder(
      BUILT_IN_STEPS.map((about) => new DeclaredStep(about)),
      own,
    ),
  );
}
