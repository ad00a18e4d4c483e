/** GDAL as the judge of FlatGeobuf: it turns the files into SQLite, and Python tells what is in that. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Geometry } from 'geojson';
import { readWkb } from './gdal.js';
import type { SqliteCell, SqliteTable } from './geopackage.js';
import { python } from './python.js';

export interface ReadFlatGeobuf extends SqliteTable {
  /** Of each row; null where it has none. */
  geometries: (Geometry | null)[];
}

const SCRIPT = `import json,sqlite3,sys
def cell(v):
    if v is None or isinstance(v,str): return v
    if isinstance(v,bytes): return {'blob':v.hex()}
    if isinstance(v,int): return {'integer':str(v)}
    return {'real':v}
db=sqlite3.connect(sys.argv[1])
json.dump([{'columns':[{'name':r[1],'type':r[2]} for r in db.execute('pragma table_info('+n+')')],
    'rows':[[cell(v) for v in r] for r in db.execute('select * from '+n+' order by 1')]} for n in json.load(sys.stdin)],sys.stdout)`;

/**
 * Reads files whole, features in their order. Values come as they are, geometries to the last bit.
 * @param files paths and the names of the layers that they are said to hold
 */
export function readFlatGeobufs(files: readonly { path: string; layer: string }[]): ReadFlatGeobuf[] {
  if (files.length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), 'parcelpost-fgb-read-'));
  try {
    const layers = files.map(
      ({ path, layer }, i) =>
        `<OGRVRTLayer name="t${i}"><SrcDataSource>${path}</SrcDataSource><SrcLayer>${layer}</SrcLayer></OGRVRTLayer>`,
    );
    const [vrt, database] = [join(folder, 'all.vrt'), join(folder, 'all.sqlite')];
    writeFileSync(vrt, `<OGRVRTDataSource>${layers.join('')}</OGRVRTDataSource>`);
    const options = ['-dsco', 'METADATA=NO', '-lco', 'LAUNDER=NO', '--config', 'OGR_SQLITE_SYNCHRONOUS', 'OFF'];
    const said = execFileSync('ogr2ogr', ['-f', 'SQLite', ...options, database, vrt], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 1 << 28,
    });
    if (said.trim() !== '') throw new Error(said);
    const names = files.map((_, i) => `t${i}`);
    return (python(SCRIPT, [database], JSON.stringify(names)) as SqliteTable[]).map(({ columns, rows }) => {
      const isOwn = ({ name }: { name: string }) => name === 'OGC_FID' || name === 'GEOMETRY';
      const at = columns.findIndex(({ name }) => name === 'GEOMETRY');
      return {
        columns: columns.filter((column) => !isOwn(column)),
        rows: rows.map((row) => row.filter((_, i) => !isOwn(columns[i] ?? { name: '' }))),
        geometries: rows.map((row) => geometryOf(row[at] ?? null)),
      };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function geometryOf(cell: SqliteCell): Geometry | null {
  return cell !== null && typeof cell === 'object' && 'blob' in cell ? readWkb(Buffer.from(cell.blob, 'hex')) : null;
}
