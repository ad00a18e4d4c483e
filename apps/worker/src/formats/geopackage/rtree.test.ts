import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Database } from './database.js';
import { SpatialIndex } from './rtree.js';
import { NEW_GEOPACKAGE } from './schema.js';

test('a spatial index of several levels is whole to SQLite, gives what a search without it gives, and may be edited', async () => {
  const boxes = fc.sample(
    fc.tuple(
      fc.double({ min: -180, max: 170, noNaN: true }),
      fc.double({ min: -90, max: 80, noNaN: true }),
      fc.double({ min: 0, max: 9, noNaN: true }),
    ),
    6000,
  );
  const folder = mkdtempSync(join(tmpdir(), 'parcelpost-rtree-'));
  const file = join(folder, 'index.gpkg');
  const database = await Database.create(file);
  database.run(
    `${NEW_GEOPACKAGE}; CREATE TABLE points (fid INTEGER PRIMARY KEY, geom BLOB, w REAL, e REAL, s REAL, n REAL)`,
  );
  const index = new SpatialIndex(database, 'points', [-180, 180, -90, 90], 500);
  for (const [i, [x, y, size]] of boxes.entries()) {
    database.insert('INSERT INTO points VALUES (?, NULL, ?, ?, ?, ?)', [i + 1, x, x + size, y, y + size]);
    index.add(i + 1, [x, x + size, y, y + size]);
  }
  index.finish();
  database.run('commit');
  database.close();
  const script = `import json,random,sqlite3,sys
db=sqlite3.connect(sys.argv[1])
check=lambda: db.execute("select rtreecheck('rtree_points_geom')").fetchone()[0]
missed=extra=0
random.seed(7)
for _ in range(200):
  w,s=random.uniform(-180,170),random.uniform(-90,80)
  q={'w':w,'e':w+5,'s':s,'n':s+5}
  truth={r[0] for r in db.execute('select fid from points where e>=:w and w<=:e and n>=:s and s<=:n',q)}
  found={r[0] for r in db.execute('select id from rtree_points_geom where maxx>=:w and minx<=:e and maxy>=:s and miny<=:n',q)}
  missed+=len(truth-found); extra+=len(found-truth)
first=check()
db.execute('delete from rtree_points_geom where id%3=0')
db.executemany('insert into rtree_points_geom values (?,?,?,?,?)',[(10000+i,i%180,i%180+1,0,1) for i in range(500)])
depth=int.from_bytes(db.execute('select data from rtree_points_geom_node where nodeno=1').fetchone()[0][:2],'big')
print(json.dumps([first,missed,extra,check(),depth]))`;
  const [whole, missed, extra, edited, depth] = JSON.parse(
    execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }),
  );
  expect({ whole, missed, edited }).toEqual({ whole: 'ok', missed: 0, edited: 'ok' });
  expect(extra).toBeLessThan(5);
  expect(depth).toBe(2);
  rmSync(folder, { recursive: true });
});
