import type { ExportJobService } from '@parcelpost/shared/db/services/export-jobs.js';
import type { Plan } from '../pipeline/plan.js';

/** Plans kept at once; a worker rarely works on more exports at a time. */
const KEPT = 32;

/** The plans of the exports that this worker works on. A plan never changes once it is kept, so it is read once. */
export class PlanCache {
  readonly #plans = new Map<string, Promise<Plan>>();

  constructor(readonly jobs: ExportJobService) {}

  /** Throws when the export has no plan in this generation. */
  get({ id, generation }: { id: string; generation: number }): Promise<Plan> {
    const key = `${id}/${generation}`;
    let plan = this.#plans.get(key);
    if (!plan) {
      plan = this.jobs.plan(id, generation) as Promise<Plan>;
      plan.catch(() => this.#plans.delete(key));
      this.#plans.set(key, plan);
      const [oldest] = this.#plans.keys();
      if (this.#plans.size > KEPT && oldest !== undefined) this.#plans.delete(oldest);
    }
    return plan;
  }
}
