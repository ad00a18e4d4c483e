import { parseArgs } from 'node:util';
import { CASES, caseNamed, type FormatCase } from './cases.js';

export interface FormatsOptions {
  /** Parcels of each project; as many parties and relationships, and a hundredth as many resources. */
  sizes: number[];
  cases: FormatCase[];
  /** Folder to keep the records in, for further runs; undefined for one that is removed. */
  data: string | undefined;
  /** Folder for CPU profiles of the steps. */
  profile: string | undefined;
  /** File for the results as JSON. */
  json: string | undefined;
  /** Whether other programs are to write the same. */
  compare: boolean;
}

export const USAGE = `npm run bench:formats -- [options]
  --sizes 10000,100000,1000000   parcels of each project (as many parties and relationships)
  --formats a,b                  some of ${CASES.map(({ name }) => name).join(', ')}
  --no-compare                   without other programs
  --data DIR                     keep the records there, for the next run
  --profile DIR                  leave CPU profiles of the steps there
  --json FILE                    leave the results there too`;

/** Reads the command line. Throws an error that names what is wrong. */
export function readFormatsOptions(args: string[]): FormatsOptions {
  const { values } = parseArgs({
    args,
    options: {
      sizes: { type: 'string', default: '10000,100000,1000000' },
      formats: { type: 'string', default: CASES.map(({ name }) => name).join(',') },
      'no-compare': { type: 'boolean', default: false },
      data: { type: 'string' },
      profile: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const sizes = values.sizes.split(',').map((text) => {
    if (!/^[1-9]\d*$/.test(text)) {
      throw new Error(`--sizes wants whole numbers from 1 on, with commas between, not "${values.sizes}"`);
    }
    return Number(text);
  });
  return {
    sizes: [...new Set(sizes)].sort((a, b) => a - b),
    cases: values.formats.split(',').map(caseNamed),
    data: values.data,
    profile: values.profile,
    json: values.json,
    compare: !values['no-compare'],
  };
}
