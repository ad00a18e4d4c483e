/** openpyxl as the judge of our workbooks. */
import { execFileSync, spawnSync } from 'node:child_process';

/** What openpyxl reads from a cell: text, truth value, a number as Python writes it, a formula, or null where there is no cell. */
export type WorkbookCell = string | boolean | null | { number: string } | { formula: string };

/** Sheets in their order, each with its rows, the header the first. */
export type Workbook = { name: string; rows: WorkbookCell[][] }[];

const SCRIPT = `import json,sys,warnings
warnings.simplefilter('error')
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape
def cell(c):
    v=c.value
    if v is None or isinstance(v,bool): return v
    if c.data_type=='f': return {'formula':str(v)}
    if isinstance(v,(int,float)): return {'number':repr(v)}
    if not isinstance(v,str): raise ValueError(repr(v))
    return unescape(v)
books=[]
for path in json.load(sys.stdin):
    book=load_workbook(path)
    books.append([{'name':s.title,'rows':[[cell(c) for c in row] for row in s.iter_rows()]} for s in book.worksheets])
json.dump(books,sys.stdout)`;

/** A Python that has openpyxl: what is first on the PATH need not be the one that the system's packages are for. */
export function findOpenpyxl(): string | undefined {
  return ['python3', '/usr/bin/python3'].find(
    (python) => spawnSync(python, ['-c', 'import openpyxl'], { stdio: 'ignore' }).status === 0,
  );
}

/** Reads workbooks whole; escapes of characters (ECMA-376 part 1, 22.9.2.19) are undone. Throws where openpyxl fails or warns. */
export function readWorkbooks(paths: readonly string[]): Workbook[] {
  const python = findOpenpyxl();
  if (!python) throw new Error('no Python has openpyxl; install python3-openpyxl');
  const out = execFileSync(python, ['-c', SCRIPT], {
    input: JSON.stringify(paths),
    maxBuffer: 1 << 30,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PYTHONIOENCODING: 'utf-8' },
  });
  return JSON.parse(out.toString('utf8'));
}
