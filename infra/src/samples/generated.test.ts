import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { seedGenerated } from './generated.js';

let database: TestDatabase;
const PARCELS = 2_000;
const wanted = { organization: 'cadastre', project: 'made-up', parcels: PARCELS };
beforeAll(async () => {
  database = await createTestDatabase();
  await seedGenerated(database.url, wanted);
});
afterAll(() => database.drop());

async function first(sql: string): Promise<Record<string, unknown> | undefined> {
  return (await database.db.raw(sql)).rows[0];
}

describe('a made-up project', () => {
  test('has as many parcels, parties and relationships as asked for, each with eight attributes', async () => {
    for (const [entity, tableName] of [
      ['locations', 'spatial_units'],
      ['parties', 'parties'],
      ['relationships', 'tenure_relationships'],
    ]) {
      expect(await first(`select n::int from project_counts where entity = '${entity}'`)).toEqual({ n: PARCELS });
      const attributes = `(select count(*) from json_object_keys(attributes))`;
      expect(
        await first(
          `select count(*)::int as n, min(${attributes})::int as few, max(${attributes})::int as many from ${tableName}`,
        ),
      ).toEqual({
        n: PARCELS,
        few: 8,
        many: 8,
      });
    }
  });

  test('has closed polygons of six corners that run counter-clockwise', async () => {
    const { rows } = await database.db.raw('select geometry from spatial_units limit 100');
    for (const { geometry } of rows as { geometry: { coordinates: [number, number][][] } }[]) {
      const ring = geometry.coordinates[0] ?? [];
      expect(ring).toHaveLength(7);
      expect(ring[6]).toEqual(ring[0]);
      const twice = ring
        .slice(1)
        .reduce((sum, [x, y], i) => sum + (ring[i]?.[0] ?? 0) * y - x * (ring[i]?.[1] ?? 0), 0);
      expect(twice).toBeGreaterThan(0);
    }
  });

  test('is left as it is when it is asked for again, and refused with another number', async () => {
    expect(await seedGenerated(database.url, wanted)).toBe(false);
    await expect(seedGenerated(database.url, { ...wanted, parcels: 5 })).rejects.toThrow(
      'cadastre/made-up is there already, with 2000 parcels',
    );
  });

  test('can be read by ana, as the administrator of its organization', async () => {
    expect(
      await first(`select m.role from memberships m join users u on u.id = m.user_id join organizations o on o.id = m.organization_id
        where u.username = 'ana' and o.slug = 'cadastre'`),
    ).toEqual({ role: 'administrator' });
  });
});
