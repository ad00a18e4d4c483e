/** Draws a map's data on a canvas. */

/** As the server sends it; see its `map/map-data.ts`. */
export interface MapData {
  west: number;
  south: number;
  cell: number;
  width: number;
  height: number;
  polygons: number[][][];
  lines: number[][];
  cells: number[];
}

/** Where the drawing lies on a canvas, in its pixels: its south-western corner, and the size of a cell. */
export interface Canvas {
  context: CanvasRenderingContext2D;
  x: number;
  y: number;
  perCellX: number;
  perCellY: number;
  /** Pixels of the canvas to one of the page. */
  sharp: number;
  colour: string;
}

/** Draws all of it, over whatever is there. */
export function drawMap(canvas: Canvas, data: MapData): void {
  const { context, colour, sharp } = canvas;
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.lineWidth = sharp;
  context.lineJoin = 'round';

  context.beginPath();
  for (const rings of data.polygons) {
    for (const ring of rings) {
      trace(canvas, ring);
      context.closePath();
    }
  }
  context.globalAlpha = 0.25;
  context.fill('evenodd');
  context.globalAlpha = 1;
  context.stroke();

  context.beginPath();
  for (const line of data.lines) trace(canvas, line);
  context.stroke();
  drawCells(canvas, data);
}

function trace({ context, x, y, perCellX, perCellY }: Canvas, line: readonly number[]): void {
  let [east, north] = [0.5, 0.5];
  for (let index = 0; index < line.length; index += 2) {
    east += line[index] as number;
    north += line[index + 1] as number;
    if (index === 0) context.moveTo(x + east * perCellX, y - north * perCellY);
    else context.lineTo(x + east * perCellX, y - north * perCellY);
  }
}

/** Each as large as a cell, and large enough to be seen; the fuller, the darker. */
function drawCells({ context, x, y, perCellX, perCellY, sharp }: Canvas, { cells, width, height }: MapData): void {
  let most = 1;
  let count = 0;
  for (let index = 0; index < cells.length; index += 4) {
    most = Math.max(most, cells[index + 2] as number);
    count += cells[index + 3] as number;
  }
  const apart = Math.sqrt((width * height) / Math.max(1, count));
  const size = Math.min(2, Math.max(1, apart));
  const least = (count < 300 ? 6 : count < 5000 ? 3 : 1) * sharp;
  const high = Math.max(size * perCellY, least);
  const wide = Math.max(size * perCellX, least);
  let [east, north] = [0, 0];
  for (let index = 0; index < cells.length; index += 4) {
    east += cells[index] as number;
    north += cells[index + 1] as number;
    const shapes = cells[index + 2] as number;
    const run = cells[index + 3] as number;
    context.globalAlpha = most === 1 ? 1 : 0.4 + 0.6 * (Math.log(shapes) / Math.log(most));
    const left = x + (east + 0.5) * perCellX - wide / 2;
    const top = y - (north + 0.5) * perCellY - high / 2;
    context.fillRect(left, top, wide + (run - 1) * perCellX, high);
  }
  context.globalAlpha = 1;
}
