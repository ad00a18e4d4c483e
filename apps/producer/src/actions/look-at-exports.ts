/** How exports stand at this moment, as pages, their JSON and their events tell it. */
import type { Database } from '@parcelpost/shared/db/database.js';
import { type ExportCourse, ExportCourses } from '@parcelpost/shared/db/services/export-course.js';
import type { PlacesInQueue } from '@parcelpost/shared/db/services/places-in-queue.js';
import type { QueueHealth } from './queue-health.js';

/** What an export that has not begun waits for: its turn, the queues' engine, or a worker. */
export type WaitsFor = 'turn' | 'queue' | 'worker';

export interface ExportNow extends ExportCourse {
  /** Place among those that wait for their turn, from 1; null where it does not wait for it, or is not ranked yet. */
  placeInQueue: number | null;
  /** Null once work has begun. */
  waitsFor: WaitsFor | null;
  /** The queues' engine does not answer: nothing that is undecided comes further before it does. */
  queueAway: boolean;
}

export class LookAtExports {
  readonly #courses: ExportCourses;

  constructor(
    db: Database,
    readonly places: Pick<PlacesInQueue, 'of'>,
    readonly queue: Pick<QueueHealth, 'isAway'>,
  ) {
    this.#courses = new ExportCourses(db);
  }

  /** Each of these exports; unknown ids are left out. A query for all of them, and one a second for places in the queue. */
  async of(ids: readonly string[]): Promise<Map<string, ExportNow>> {
    const [courses, away] = await Promise.all([this.#courses.of(ids), this.queue.isAway()]);
    const entries = await Promise.all(
      [...courses].map(async ([id, course]) => [id, await this.#now(course, away)] as const),
    );
    return new Map(entries);
  }

  async #now(course: ExportCourse, away: boolean): Promise<ExportNow> {
    const open = course.state === 'waiting' || course.state === 'running';
    return {
      ...course,
      placeInQueue: course.waitsForTurn ? await this.places.of(course.id) : null,
      waitsFor: course.state === 'waiting' ? waitsFor(course, away) : null,
      queueAway: open && away,
    };
  }
}

/** What an export that has not begun waits for. */
export function waitsFor({ waitsForTurn }: Pick<ExportCourse, 'waitsForTurn'>, away: boolean): WaitsFor {
  if (away) return 'queue';
  return waitsForTurn ? 'turn' : 'worker';
}
