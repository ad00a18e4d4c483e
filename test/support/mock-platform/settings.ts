/** What a test may tell a mock platform to be, and what it can ask of it. */
import type { Geometries } from './dataset.js';

/**
 * Something that goes wrong with requests whose path and query match. Matching requests are counted from when the fault
 * was set; those numbered `from` (default 1) up to `from + times - 1` (default: all further) are hit. The first fault that hits wins.
 */
export interface Fault {
  /** A regular expression over path and query, such as `/parties/.*offset=500`. */
  match: string;
  from?: number | undefined;
  times?: number | undefined;
  /** Milliseconds to wait first, beside the latency. */
  delayMs?: number | undefined;
  /** Answer with this status, and an RFC 9457 detail. */
  status?: number | undefined;
  headers?: Record<string, string> | undefined;
  /**
   * `not-json`: an answer that stops in the middle, whole as HTTP goes; `wrong-shape`: JSON whose results are no list; `truncated`:
   * the connection ends before the promised length; `reset`: it ends at once; `foreign-next`: a next link to another host;
   * `hold`: no answer until `release`.
   */
  break?: 'not-json' | 'wrong-shape' | 'truncated' | 'reset' | 'foreign-next' | 'hold' | undefined;
  /** Answer as if so many records had been put before all others (or, below 0, taken away) since the list was counted. */
  shift?: number | undefined;
  /** Where a `foreign-next` link leads: scheme, host and port. Default `http://elsewhere.example`. */
  foreign?: string | undefined;
}

export interface Settings {
  /** Parcels of each project that `projects` does not name. */
  parcels: number;
  /** Parcels by `organization/project`. */
  projects: Record<string, number>;
  geometries: Geometries;
  /** Milliseconds before each answer. */
  latencyMs: number;
  /** The platform's own maximum page size; null for none. */
  maxLimit: number | null;
  /** The one token that is accepted, after `TmpToken `; null for any. */
  token: string | null;
  faults: Fault[];
}

export const DEFAULT_SETTINGS: Settings = {
  parcels: 100,
  projects: {},
  geometries: 'polygons',
  latencyMs: 0,
  maxLimit: null,
  token: null,
  faults: [],
};

/** A mock platform, in this process or in another. */
export interface MockPlatform {
  /** What `PLATFORM_API_URL` is to be. */
  readonly url: string;
  /** Changes the settings that are given; faults given replace those before and count afresh. */
  configure(settings: Partial<Settings>): Promise<void>;
  /** Path and query of each request since the start or the last `forget`, in order. */
  requests(): Promise<string[]>;
  /** Forgets the requests so far. */
  forget(): Promise<void>;
  /** Waits until `count` requests have come whose path and query match, since the start or the last `forget`. */
  waitForRequests(match: string, count: number): Promise<void>;
  /** Lets every request that a fault holds be answered, and ends those faults. */
  release(): Promise<void>;
  close(): Promise<void>;
}
