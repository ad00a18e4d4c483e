import type { Connection } from '@parcelpost/shared/db/database.js';
import { nextExportPatienceMs } from '@parcelpost/shared/signatures/prepared.js';
import type { Signature } from '@parcelpost/shared/signatures/signature.js';
import { expect, it } from 'vitest';
import type { Reading } from './export-rights.js';
import { type FirstExport, PrepareNextExports } from './prepare-next-exports.js';

const TOKEN_HOURS = 12;
const callbacks = { onSuccess: [], onFailure: [] };
const next = (onSuccess: object[], options = {}) =>
  ({
    task: 'export.project',
    args: { project: 'p', request: { ...callbacks, onSuccess } },
    options,
    immutable: false,
    ...callbacks,
  }) as unknown as Signature;

/** Hours that the tokens live which are minted for a canvas, those of the later exports first. */
async function lives(deadlineMinutes: number, onSuccess: Signature[]): Promise<number[]> {
  const hours: number[] = [];
  const patience = nextExportPatienceMs({ deadlineMinutes });
  const prepare = new PrepareNextExports({
    config: { TOKEN_HOURS, EXPORT_DEADLINE_MINUTES: deadlineMinutes, SIGNATURE_SECRET: ['a secret'] },
    rights: {
      ask: async () => undefined,
      checkNext: async (_db, _user, wanted) => wanted.map(() => ({ organizationName: 'O', projectName: 'P' })),
      issue: (_user, _wanted, reading: Reading) => {
        hours.push(reading.hours);
        return { sealed: '', minted: [] };
      },
    },
    triesOf: () => ({ attempts: 1, backoff: 0, routed: false, patience }),
  });
  const first = {
    exportId: '00000000-0000-4000-8000-000000000000',
    generation: 1,
    organization: 'o',
    apiToken: undefined,
    user: { id: 'u' },
    requester: { id: 'u', name: 'U', email: 'u@example.org', language: 'en' },
  } as FirstExport;
  await prepare.run(undefined as unknown as Connection, first, { onSuccess, onFailure: [] }, new Map());
  return hours;
}

it.each([
  ['of an hour', 60],
  ['that is usual', 6 * 60],
  ['that is larger than usual', 11 * 60],
  ['that is longer than a token lives', 20 * 60],
])('tokens of next exports outlive two of them that wait as long as they may, by a deadline %s', async (_, minutes) => {
  const deadline = minutes / 60;
  const [third, second] = await lives(minutes, [next([next([])])]);
  // The first takes all its time; the second waits as long as it may, and so does the third once the second has taken its own.
  const begins = [deadline + deadline, deadline + deadline + deadline + deadline] as const;
  expect(second).toBe(begins[0] + TOKEN_HOURS);
  expect(third).toBe(begins[1] + TOKEN_HOURS);
});

it('refuses by name a next export whose token might end while it reads, since it waits', async () => {
  // Four times 39 hours, and twelve to read, are 168.
  expect(await lives(39 * 60, [next([next([])])])).toEqual([168, 90]);
  await expect(lives(39 * 60, [next([next([], { delay: 1 })])])).rejects.toMatchObject({
    status: 422,
    errors: [{ pointer: '/onSuccess/0/args/request/onSuccess/0/args' }],
  });
});
