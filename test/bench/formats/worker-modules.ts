/** The worker's own modules, as it was built: what is measured is what runs. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Plan from '../../../apps/worker/src/pipeline/plan.js';
import type * as StepModule from '../../../apps/worker/src/pipeline/step.js';
import type { Step } from '../../../apps/worker/src/pipeline/step.js';
import { ROOT } from '../../support/root.js';

const load = (path: string) => import(pathToFileURL(join(ROOT, 'apps/worker/dist/pipeline', path)).href);

/** Those that declare how an export is planned. Throws where the worker is not built. */
export async function planning(): Promise<Pick<typeof Plan, 'shardSize'> & Pick<typeof StepModule, 'FILE_DATE'>> {
  const [{ shardSize }, { FILE_DATE }] = await Promise.all([load('plan.js'), load('step.js')]);
  return { shardSize, FILE_DATE };
}

/** The step of this name in a file of the folder `steps`, which alone is loaded. Throws where it has none. */
export async function stepOf(file: string, name: string): Promise<Step> {
  const exported: Partial<Step>[] = Object.values(await load(`steps/${file}.js`));
  const step = exported.find((each) => each.name === name && each.createMapper);
  if (!step) throw new Error(`steps/${file}.js has no step ${name}`);
  return step as Step;
}
