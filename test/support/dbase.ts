/** A reader of dBase tables in Python, by the description of the format alone: GDAL takes long numbers for doubles. */
import { python } from './python.js';

/** What a field holds: its letter, and its text without the blanks that fill it. */
export type DbaseCell = [type: string, text: string];

const SCRIPT = `import json,struct,sys
def read(path):
    data=open(path,'rb').read()
    rows,head,width=struct.unpack('<IHH',data[4:12])
    fields,at=[],32
    while data[at]!=0x0d:
        fields.append((data[at:at+11].split(b'\\0')[0].decode('utf-8'),chr(data[at+11]),data[at+16])); at+=32
    out=[]
    for i in range(rows):
        row=data[head+i*width:head+(i+1)*width]; at=1; cells={}
        for name,kind,size in fields:
            text=row[at:at+size].decode('utf-8'); at+=size
            cells[name]=[kind,text.rstrip(' ') if kind=='C' else text.strip(' ')]
        out.append(cells)
    return out
json.dump([read(path) for path in json.load(sys.stdin)],sys.stdout)`;

/** Reads tables whole: of each its rows, cells by the names of their fields. */
export function readDbase(paths: readonly string[]): Record<string, DbaseCell>[][] {
  return python(SCRIPT, [], JSON.stringify(paths)) as Record<string, DbaseCell>[][];
}
