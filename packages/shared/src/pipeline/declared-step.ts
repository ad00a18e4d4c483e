/** What everybody knows of a step of the pipeline: the producer too, which neither maps nor reduces. */
import type { ExportOptions } from '../export-request.js';
import type { Entity } from '../records.js';
import { type StepView, type StepWork, viewStep } from './step-view.js';

/** What a step declares of itself. */
export interface StepAbout {
  /** Lower-case letters, digits and `-`; part of keys and of rows. */
  name: string;
  /** Raised whenever the same data and options come to other bytes: what an older version made is not taken for its own. */
  version: number | string;
  /** Formats of a request that ask for it; `all` where it belongs to every export. */
  formats: readonly string[] | 'all';
  /** Lists whose records it maps, in the order in which its reduces get their fragments. */
  entities: readonly Entity[];
  /** Whether it maps what others have read alone: of itself it has nothing read. */
  follows?: boolean;
  /** Earlier steps whose finished files its reduces read; `all` for every one before it. */
  uses?: readonly string[] | 'all';
  /** Whether what it made may serve another export of the same data. Not where it reads what no data version tells of. */
  lasting?: boolean;
  /** Lists whose data bear on its files; those that it maps unless told otherwise. */
  data?: readonly Entity[];
  /** What of a request's options bears on its files, as JSON; all of them unless told otherwise. */
  bearing?(options: ExportOptions): unknown;
}

/** What is there of a step's results, for one request. */
export interface StepState {
  /** The version of the step that made them; undefined where there are none. */
  made: string | undefined;
  /** Whether they are of the data and the options that are asked for. */
  fits: boolean;
}

/** A step, as it is declared. The worker's steps add a map and a reduce. */
export class DeclaredStep {
  readonly name: string;
  readonly version: string;
  readonly formats: readonly string[] | 'all';
  readonly entities: readonly Entity[];
  readonly follows: boolean;
  readonly uses: readonly string[] | 'all';
  readonly lasting: boolean;
  readonly data: readonly Entity[];
  readonly #bearing: (options: ExportOptions) => unknown;

  constructor(about: StepAbout) {
    this.name = about.name;
    this.version = String(about.version);
    this.formats = about.formats;
    this.entities = about.entities;
    this.follows = about.follows ?? false;
    this.uses = about.uses ?? [];
    // Of other steps' files no data version tells.
    this.lasting = (about.lasting ?? true) && this.uses.length === 0;
    this.data = about.data ?? about.entities;
    this.#bearing = about.bearing ?? bearingOnAny;
  }

  /** Whether a request may ever have work for it. Pure and quick: it is asked while a page is served. */
  isApplicable({ formats }: Pick<ExportOptions, 'formats'>): boolean {
    return this.formats === 'all' || this.formats.some((format) => formats.includes(format));
  }

  /** Whether work is outstanding: nothing fitting is there, or another version of the step made it. Pure and quick. */
  isNeeded({ made, fits }: StepState): boolean {
    return made !== this.version || !fits;
  }

  /** What pages show of it, read from what the work has left so far. Pure and quick. */
  context(work: StepWork): StepView {
    return viewStep(this, work);
  }

  /** What of the options bears on its files: two requests that agree in it, and in the data, get the same ones. */
  bearing(options: ExportOptions): unknown {
    return this.#bearing(options);
  }
}

/** A step may look at all that was asked; this one alone only says whether what comes out is news. */
function bearingOnAny({ unchangedSince: _, ...asked }: ExportOptions): unknown {
  return asked;
}
