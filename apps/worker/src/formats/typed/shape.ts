/** What a geometry in ISO Well-Known Binary is made of: where its coordinates are. */

/** Numbers of types in Well-Known Binary; FlatGeobuf has the same ones. */
export const TYPE = {
  unknown: 0,
  point: 1,
  lineString: 2,
  polygon: 3,
  multiPoint: 4,
  multiLineString: 5,
  multiPolygon: 6,
  geometryCollection: 7,
} as const;

/** Positions that lie together: a line, a ring, or one point of several. */
export interface Run {
  /** Offset of the first coordinate. */
  at: number;
  /** Positions. */
  count: number;
}

export interface Shape {
  type: number;
  /** Whether its positions have heights. */
  z: boolean;
  /** Empty of what consists of parts. */
  runs: Run[];
  /** Of a multipolygon, or a collection; those that are empty are left out. */
  parts: Shape[];
  /** Positions, those of its parts included: 0 where it is empty. */
  positions: number;
  /** Members of collections that were left out. */
  leftOut: number;
}

/** Reads little-endian Well-Known Binary as our own fragments have it. Throws a RangeError where it ends early. */
export function shapeOf(wkb: Buffer): Shape {
  let at = 0;
  const uint = () => {
    at += 4;
    return wkb.readUInt32LE(at - 4);
  };
  const head = () => {
    at += 1;
    return uint();
  };
  const geometry = (): Shape => {
    const word = head();
    const type = word % 1000;
    const z = word >= 1000;
    const width = z ? 24 : 16;
    const shape: Shape = { type, z, runs: [], parts: [], positions: 0, leftOut: 0 };
    const run = (count: number) => {
      if (at + count * width > wkb.length) throw new RangeError('a geometry ends early');
      shape.runs.push({ at, count });
      shape.positions += count;
      at += count * width;
    };
    switch (type) {
      case TYPE.point:
        // An empty one has coordinates that are not numbers.
        if (!Number.isNaN(wkb.readDoubleLE(at))) run(1);
        else at += width;
        return shape;
      case TYPE.lineString:
        run(uint());
        return shape;
      case TYPE.polygon:
        for (let left = uint(); left > 0; left--) run(uint());
        return shape;
      case TYPE.multiPoint:
        for (let left = uint(); left > 0; left--) {
          head();
          run(1);
        }
        return shape;
      case TYPE.multiLineString:
        for (let left = uint(); left > 0; left--) {
          head();
          run(uint());
        }
        return shape;
      default:
        for (let left = uint(); left > 0; left--) {
          const part = geometry();
          shape.leftOut += part.leftOut + (part.positions === 0 ? 1 : 0);
          if (part.positions === 0) continue;
          shape.parts.push(part);
          shape.positions += part.positions;
        }
        return shape;
    }
  };
  return geometry();
}
