/** Python's own csv and json modules as judges: what they read, none of our code has touched. */
import { execFileSync } from 'node:child_process';

/** What a script prints as JSON. */
export function python(script: string, args: string[], input = ''): unknown {
  const out = execFileSync('python3', ['-c', script, ...args], {
    input,
    maxBuffer: 1 << 30,
    env: { PATH: process.env.PATH, PYTHONIOENCODING: 'utf-8' },
  });
  return JSON.parse(out.toString('utf8'));
}

/** Rows of a CSV, the header the first, as Python's csv module reads them in its strict mode. */
export function readCsv(file: string): string[][] {
  const script = `import csv,json,sys
csv.field_size_limit(1<<30)
with open(sys.argv[1],encoding='utf-8',newline='') as f: json.dump(list(csv.reader(f,strict=True)),sys.stdout)`;
  return python(script, [file]) as string[][];
}

/** A JSON number as it is written. */
export interface NumberToken {
  number: string;
}

export type ExactJson = string | boolean | null | NumberToken | ExactJson[] | Map<string, ExactJson>;

/** Parses JSON texts, every number as the token that it is, members in their order. */
export function readJsonExactly(texts: readonly string[]): ExactJson[] {
  // Numbers come as {"n": token}, objects as {"o": [[key, value], …]}: JavaScript would reorder keys such as "1".
  const script = `import json,sys
number=lambda token:{'n':token}
read=lambda text:json.loads(text,parse_int=number,parse_float=number,object_pairs_hook=lambda pairs:{'o':pairs})
json.dump([read(text) for text in json.load(sys.stdin)],sys.stdout)`;
  return (python(script, [], JSON.stringify(texts)) as Tagged[]).map(untagged);
}

type Tagged = string | boolean | null | { n: string } | { o: [string, Tagged][] } | Tagged[];

function untagged(value: Tagged): ExactJson {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(untagged);
  if ('n' in value) return { number: value.n };
  return new Map(value.o.map(([key, item]) => [key, untagged(item)]));
}
