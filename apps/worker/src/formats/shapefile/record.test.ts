import { write } from '@mapbox/shp-write';
import fc from 'fast-check';
import type { Position } from 'geojson';
import { expect, test } from 'vitest';
import { ByteWriter } from '../sink.js';
import { FILE_HEADER, writeRecord } from './record.js';
import { type Shape, toShape } from './shape.js';

/** The record as shp-write makes it. */
function byShpWrite(type: 'POLYLINE' | 'POLYGON', shape: Shape): Buffer {
  let record: Buffer | undefined;
  write([], type, [[...shape.parts]], (error, { shp }: { shp: DataView }) => {
    if (error) throw error;
    record = Buffer.from(shp.buffer, FILE_HEADER);
  });
  return record as Buffer;
}

function byUs(shape: Shape): Buffer {
  const out = new ByteWriter(16);
  writeRecord(shape, out);
  return out.take();
}

/** The number of a record is given later. */
const behindNumber = (record: Buffer) => record.subarray(4).toString('hex');

const position = fc.tuple(
  fc.double({ min: -180, max: 180, noNaN: true }),
  fc.double({ min: -90, max: 90, noNaN: true }),
) as fc.Arbitrary<Position>;
const lines = (least: number) =>
  fc.array(fc.array(position, { minLength: least, maxLength: 20 }), { minLength: 1, maxLength: 4 });

test.each([
  ['POLYLINE', 'MultiLineString', 2],
  ['POLYGON', 'Polygon', 4],
] as const)('a record is that of shp-write, byte for byte: %s', (type, geometry, least) => {
  fc.assert(
    fc.property(lines(least), (coordinates) => {
      const shape = toShape({ type: geometry, coordinates }) as Shape;
      expect(behindNumber(byUs(shape))).toBe(behindNumber(byShpWrite(type, shape)));
    }),
    { numRuns: 500 },
  );
});
