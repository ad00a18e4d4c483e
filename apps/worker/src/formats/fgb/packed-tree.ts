/** The spatial index of a FlatGeobuf file: a packed R-tree, full nodes of neighbours along a Hilbert curve (flatgeobuf.org). */
import { hilbert } from '../hilbert.js';
import { ByteWriter } from '../sink.js';
import type { Box } from '../typed/geometry.js';

/** Entries of a node, as the format's own writers have it. */
export const NODE_SIZE = 16;
/** West, south, east and north, then a number: the position of a feature, or of the first entry of a node. */
const ENTRY = 40;
const LOW_BITS = 0xffffffffn;

/** West, south, east and north of each, one after the other. */
export type Boxes = Float64Array;

/** The order along the curve; boxes at one place keep theirs. */
export function curveOrder(boxes: Boxes, count: number, extent: Box): Uint32Array {
  const keys = new BigUint64Array(count);
  for (let i = 0; i < count; i++) {
    const side = (place: number) => boxes[4 * i + place] as number;
    const place = hilbert([side(0), side(2), side(1), side(3)], extent);
    keys[i] = (BigInt(place) << 32n) | BigInt(i);
  }
  keys.sort();
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = Number((keys[i] as bigint) & LOW_BITS);
  return order;
}

/**
 * The bytes of the index, from the root to the leaves. Memory: a box for each node above the leaves.
 * @param order of the features in the file; there is at least one
 * @param positions where each feature begins behind the index, in that order
 */
export function* treeBytes(
  boxes: Boxes,
  order: Uint32Array,
  positions: Iterable<number>,
): Generator<Buffer, void, undefined> {
  const levels: Boxes[] = [];
  let below = grouped(order.length, (entry) => 4 * (order[entry] as number), boxes);
  levels.push(below);
  while (below.length > 4) {
    const children = below;
    below = grouped(children.length / 4, (entry) => 4 * entry, children);
    levels.push(below);
  }
  const out = new ByteWriter();
  // Entries are numbered from the root on.
  let first = 0;
  for (const level of levels.toReversed()) {
    const children = first + level.length / 4;
    for (let entry = 0; entry < level.length / 4; entry++) {
      writeEntry(out, level, 4 * entry, children + NODE_SIZE * entry);
      if (out.full) yield out.take();
    }
    first = children;
  }
  let entry = 0;
  for (const position of positions) {
    writeEntry(out, boxes, 4 * (order[entry++] as number), position);
    if (out.full) yield out.take();
  }
  if (out.length > 0) yield out.take();
}

/** The boxes of the nodes that these entries fill. */
function grouped(count: number, placeOf: (entry: number) => number, boxes: Boxes): Boxes {
  const nodes = new Float64Array(4 * Math.ceil(count / NODE_SIZE));
  for (let entry = 0; entry < count; entry++) {
    const from = placeOf(entry);
    const to = 4 * Math.floor(entry / NODE_SIZE);
    const isFirst = entry % NODE_SIZE === 0;
    for (let side = 0; side < 4; side++) {
      const value = boxes[from + side] as number;
      const known = nodes[to + side] as number;
      nodes[to + side] = isFirst ? value : side < 2 ? Math.min(known, value) : Math.max(known, value);
    }
  }
  return nodes;
}

function writeEntry(out: ByteWriter, boxes: Boxes, from: number, number: number): void {
  const at = out.reserve(ENTRY);
  for (let side = 0; side < 4; side++) out.view.setFloat64(at + 8 * side, boxes[from + side] as number, true);
  out.view.setBigUint64(at + 32, BigInt(number), true);
}
