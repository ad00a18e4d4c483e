import { hostname } from 'node:os';

/** On whose behalf something is done: a person, or one of our own processes. Kept with what was done, so no more than names. */
export interface Actor {
  readonly kind: 'user' | 'worker' | 'operator' | 'service';
  /** Of a user the id; of a process its name. */
  readonly id: string;
  /** For people to read. */
  readonly name: string;
}

/** What this process does by itself: which of them it is, where there are several, and what it is called. */
export function processActor(kind: 'worker' | 'service', name: string): Actor {
  return { kind, id: `${name}@${hostname()}/${process.pid}`, name };
}
