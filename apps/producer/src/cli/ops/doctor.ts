/** `ops doctor`: what is stuck, and what to do about it. */
import { SOFTWARE_VERSION } from '@parcelpost/shared/version.js';
import { queuesAreServed } from './check-queues.js';
import { exportsMove, followUpsEnd, type Limits, nothingIsRefused, outboxIsRelayed } from './check-rows.js';
import {
  databaseAnswers,
  engineIsSet,
  filesAreThere,
  queuesAnswer,
  schemaIsCurrent,
  storageTakes,
} from './check-services.js';
import type { OpsContext } from './context.js';
import { type Check, type Diagnosis, exitCode, runChecks, tell } from './diagnosis.js';
import { knownQueues } from './known-queues.js';

/**
 * Looks at everything. What needs a service that does not answer is not asked, and told to be unknown.
 * @throws ConfigError when the tasks' own module cannot be loaded
 */
export async function diagnose(context: OpsContext, limits: Limits): Promise<Diagnosis> {
  const { inspection } = context;
  const known = await knownQueues(context.config);
  const services = [databaseAnswers(context), queuesAnswer(context), storageTakes(context)];
  const rows = [
    exportsMove(inspection, limits),
    outboxIsRelayed(inspection, limits),
    followUpsEnd(inspection, limits),
    nothingIsRefused(inspection, limits),
    filesAreThere(context),
  ];
  const queues = [engineIsSet(context), queuesAreServed(context, known, limits)];

  const first = await runChecks(services);
  const silent = (check: Check | undefined) => first.unknown.some(({ what }) => what === check?.name);
  if (silent(services[0])) return first;
  const schema = await runChecks([schemaIsCurrent(context)]);
  const rest = schema.unknown.length > 0 ? schema : await runChecks([...rows, ...(silent(services[1]) ? [] : queues)]);
  return {
    findings: [...first.findings, ...rest.findings],
    unknown: [...first.unknown, ...rest.unknown],
    seen: [...first.seen, ...rest.seen],
  };
}

/** Prints the diagnosis, as JSON if asked. @returns the exit code: 0 healthy, 1 problems, 2 cannot tell */
export async function doctor(context: OpsContext, options: Limits & { json: boolean }): Promise<number> {
  const diagnosis = await diagnose(context, options);
  const code = exitCode(diagnosis);
  const health = { 0: 'healthy', 1: 'problems', 2: 'unknown' }[code];
  context.print(
    options.json ? JSON.stringify({ version: SOFTWARE_VERSION, health, ...diagnosis }, null, 2) : tell(diagnosis),
  );
  return code;
}
