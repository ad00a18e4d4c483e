/** Python's sqlite3 module as the judge of our GeoPackages. */
import { python } from './python.js';

/** What SQLite has in a cell; blobs in hexadecimal. */
export type SqliteCell = string | null | { integer: string } | { real: number } | { blob: string };

export interface SqliteTable {
  columns: { name: string; type: string }[];
  rows: SqliteCell[][];
}

export interface ReadGeoPackage {
  applicationId: number;
  userVersion: number;
  /** Answers of `integrity_check`, `foreign_key_check`, and of `rtreecheck` for every spatial index. */
  faults: string[];
  /** Every table, those of the GeoPackage standard too, by name; the spatial indexes are apart. */
  tables: Record<string, SqliteTable>;
  /** What each layer's spatial index holds: number of the feature, west, east, south, north. */
  indexes: Record<string, number[][]>;
}

const SCRIPT = `import json,sqlite3,sys
def cell(v):
    if v is None or isinstance(v,str): return v
    if isinstance(v,bytes): return {'blob':v.hex()}
    if isinstance(v,int): return {'integer':str(v)}
    return {'real':v}
def read(path):
    db=sqlite3.connect('file:'+path+'?mode=ro',uri=True)
    one=lambda sql: db.execute(sql).fetchone()[0]
    all=[r[0] for r in db.execute("select name from sqlite_master where type='table' and name not like 'sqlite_%'")]
    names=[n for n in all if not n.startswith('rtree_')]
    layers=[n for n in names if 'rtree_'+n+'_geom' in all]
    quoted=lambda n: '"'+n.replace('"','""')+'"'
    faults=[r[0] for r in db.execute('pragma integrity_check') if r[0]!='ok']+[str(r) for r in db.execute('pragma foreign_key_check')]
    faults+=[r for n in layers for (r,) in db.execute('select rtreecheck(?)',('rtree_'+n+'_geom',)) if r!='ok']
    indexes={n:[list(r) for r in db.execute('select * from '+quoted('rtree_'+n+'_geom')+' order by id')] for n in layers}
    tables={n:{'columns':[{'name':r[1],'type':r[2]} for r in db.execute('pragma table_info('+quoted(n)+')')],
        'rows':[[cell(v) for v in r] for r in db.execute('select * from '+quoted(n)+' order by rowid')]} for n in names}
    return {'applicationId':one('pragma application_id'),'userVersion':one('pragma user_version'),'faults':faults,'tables':tables,'indexes':indexes}
json.dump([read(path) for path in json.load(sys.stdin)],sys.stdout)`;

/** Reads GeoPackages whole. */
export function readGeoPackages(paths: readonly string[]): ReadGeoPackage[] {
  return python(SCRIPT, [], JSON.stringify(paths)) as ReadGeoPackage[];
}
