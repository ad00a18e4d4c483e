import { parseArgs } from 'node:util';

export interface LargeOptions {
  /** Bytes of records in the shapefiles, all together. */
  shapefileBytes: number;
  /** Corners of each polygon. */
  corners: number;
  /** Most bytes of one shapefile; undefined leaves it to the step. */
  maxShapefileBytes: number | undefined;
  /** Bytes of the file that is larger than a zip without zip64 can tell. */
  fileBytes: number;
  /** Files of the zip that has many. */
  entries: number;
  /** Where everything is put, in a folder of its own that goes in the end. */
  folder: string | undefined;
}

export const USAGE = `npm run check:large -- [options]
  --shapefile 2.1   GiB of polygons that are written as shapefiles (two of them from 2 GiB on)
  --corners 12      of each polygon
  --file 4.1        GiB of the one large file of a bundle (zip64 from 4 GiB on)
  --entries 70000   files of a bundle of many (zip64 from 65,535 on)
  --folder DIR      where it is put, and taken away again; default: the folder for temporary files.
                    It needs room for four times the polygons, or for the large file twice
Ends with code 1 if anything is not as it was written.`;

const GIB = 2 ** 30;

/** Reads the command line. Throws an error that names the option that is wrong. */
export function readOptions(args: string[]): LargeOptions {
  const { values } = parseArgs({
    args,
    options: {
      shapefile: { type: 'string', default: '2.1' },
      corners: { type: 'string', default: '12' },
      file: { type: 'string', default: '4.1' },
      entries: { type: 'string', default: '70000' },
      folder: { type: 'string' },
    },
  });
  return {
    shapefileBytes: Math.round(GIB * positive('--shapefile', values.shapefile)),
    corners: whole('--corners', values.corners, 3),
    maxShapefileBytes: undefined,
    fileBytes: Math.round(GIB * positive('--file', values.file)),
    entries: whole('--entries', values.entries, 1),
    folder: values.folder,
  };
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < 1000)) {
    throw new Error(`${option} wants a number of GiB above 0, not "${text}"`);
  }
  return value;
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
    throw new Error(`${option} wants a whole number from ${least} on, not "${text}"`);
  }
  return value;
}
