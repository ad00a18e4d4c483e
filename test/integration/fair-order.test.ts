/** With hundreds of exports of one organization waiting, another's single small export is not behind them. */
import { exportOptions, exportRequestSchema } from '@parcelpost/shared/export-request.js';
import { seal } from '@parcelpost/shared/tokens/seal.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { plantWaiting } from '../support/planted.js';
import { API_TOKEN, type PlatformStack, startPlatformStack, until } from '../support/platform-stack.js';

const WAITING = 500;
/** So many have ended, and the queue is in full swing, when the single one is asked for. */
const ENDED_BEFORE = 8;
/** What "a few" is. */
const FEW = 15;

describe.concurrent.each(ENGINES)('fair order on the %s engine', (engine) => {
  let stack: PlatformStack;

  beforeAll(async () => {
    stack = await startPlatformStack({ parcels: 2 }, { engine });
  });
  afterAll(() => stack?.stop());

  test(`with ${WAITING} exports of one organization waiting, another’s single one ends within a few of them`, {
    timeout: 120_000,
  }, async () => {
    const { db } = stack.database;
    const { SEAL_SECRET } = stack.secrets;
    const token = JSON.stringify({ scheme: 'TmpToken', token: API_TOKEN });
    await plantWaiting(db, WAITING, (id, index) => ({
      organization: 'big',
      project: `p${index}`,
      options: JSON.stringify(exportOptions(exportRequestSchema.parse({ formats: ['csv'] }))),
      requester_id: `person-${index % 3}`,
      requester: JSON.stringify({ id: `person-${index % 3}`, name: 'P', email: 'p@example.org', language: 'en' }),
      sealed_token: seal(token, [SEAL_SECRET], id),
    }));
    const endedBy = async (time: Date) =>
      Number((await db('exports').where('decided_at', '<', time).andWhere({ organization: 'big' }).count())[0]?.count);
    await until('they are on their way', async () => (await endedBy(new Date())) >= ENDED_BEFORE, 60_000);

    const asked = new Date();
    const { id } = await stack.api.requestExport('small/one', { formats: ['csv'], apiToken: API_TOKEN });
    const { state } = await stack.api.waitFor(id, ({ outcome }) => outcome !== null);
    const times: { decided_at: Date }[] = await db('exports')
      .whereNotNull('decided_at')
      .orderBy('decided_at')
      .select('decided_at');
    const { decided_at: ended } = await db('exports').where({ id }).first<{ decided_at: Date }>('decided_at');
    const before = await endedBy(asked);
    const overtaken = (await endedBy(ended)) - before;
    const [first, last] = [times[0], times.at(-1)].map((one) => one?.decided_at.getTime() ?? 0);
    const each = ((last as number) - (first as number)) / (times.length - 1) / 1000;
    console.info(
      `${engine}: asked for when ${WAITING - before} of ${WAITING} were to come, it ended behind ${overtaken} of them, after ` +
        `${((ended.getTime() - asked.getTime()) / 1000).toFixed(2)} s; behind all, ${(each * (WAITING - before)).toFixed(0)} s`,
    );
    expect(state).toBe('completed');
    expect(await db('exports').whereNotNull('outcome').distinct('outcome').pluck('outcome')).toEqual(['completed']);
    expect(overtaken).toBeLessThanOrEqual(FEW);
    expect(await endedBy(new Date())).toBeLessThan(WAITING / 2);
  });
});
