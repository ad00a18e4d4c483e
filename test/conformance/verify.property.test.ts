/** Whatever the records are, and however they were divided, `verify` finds no fault in the bundle that is made of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocationRecord, PartyRecord, RelationshipRecord } from '@parcelpost/shared/records.js';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyFile } from '../../apps/worker/src/verify/verify-bundle.js';
import { anyAttributes, anyLocations, anySharding, anyText, cut } from '../support/arbitrary-records.js';
import { makeBundle } from '../support/made-bundle.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parcelpost-verify-property-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const anyOptions = fc.record({
  bom: fc.boolean(),
  escapeFormulas: fc.boolean(),
  delimiter: fc.constantFrom(',' as const, ';' as const, '\t' as const, '|' as const),
  labels: fc.boolean(),
});

test('a bundle of any records has no faults', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      anyLocations,
      fc.array(fc.record({ name: anyText, type: anyText, attributes: anyAttributes }), { minLength: 1, maxLength: 5 }),
      anySharding,
      anyOptions,
      async (locations, others, sharding, csv) => {
        const parties: PartyRecord[] = others.map((party, i) => ({ id: `=p ${i}`, ...party }));
        const relationships = locations.map(
          (location: LocationRecord, i): RelationshipRecord => ({
            id: `r"${i}`,
            party: `=p ${i % parties.length}`,
            spatialUnit: location.id,
            tenureType: 'FH',
            attributes: location.attributes,
          }),
        );
        const at = join(folder, `${run++}`);
        const { zip } = await makeBundle({
          records: { locations, parties, relationships },
          options: { formats: ['csv', 'shapefiles', 'geojson', 'geojsonl', 'xlsx'], csv },
          shards: (records) => cut(records, sharding).map((shard) => [shard]),
          folder: at,
        });
        expect((await verifyFile(zip)).faults).toEqual([]);
        rmSync(at, { recursive: true, force: true });
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);
