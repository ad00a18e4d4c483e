/** The small map as an image of its own: what pages show at once, and all that they show without script. */
import type { MapData } from './map-data.js';

/** Seen on light and on dark ground alike. */
const COLOUR = '#2f7d5b';
/** Shades of cells: by how much of the fullest one they hold, as logarithms. */
const SHADES = [0.4, 0.6, 0.8, 1];
/** Width of the image where nobody says how wide it is, in pixels. */
const PIXELS = 640;
/** Higher or flatter than this it is not, so that it fits a page: what is left over stays empty. */
const STEEPEST = 0.75;
const FLATTEST = 0.4;
/** Room around what is drawn, as part of its larger side. */
const MARGIN = 0.04;

/** Draws a map, true in its middle latitude. */
export function mapSvg(data: MapData): string {
  const { width, height, south, cell } = data;
  const squeeze = Math.max(0.02, Math.cos(((south + (height * cell) / 2) * Math.PI) / 180));
  // One cell alone has some ground around it, too.
  const extent = Math.max(width * squeeze, height, 1);
  const margin = Math.max(extent * MARGIN, extent === 1 ? 20 : 0);
  const wide = Math.max(width * squeeze + 2 * margin, (height + 2 * margin) / STEEPEST);
  const high = Math.min(wide * STEEPEST, Math.max(height + 2 * margin, wide * FLATTEST));
  const x = (width * squeeze - wide) / 2;
  const y = (height - high) / 2;
  const pixel = wide / PIXELS;
  const body =
    width === 0
      ? ''
      : `<g transform="translate(0 ${number(height)}) scale(${number(squeeze)} -1) translate(.5 .5)">${shapes(data, pixel)}</g>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${PIXELS}" height="${Math.round(high / pixel)}" viewBox="${[x, y, wide, high].map(number).join(' ')}">${body}</svg>`;
}

function shapes(data: MapData, pixel: number): string {
  const stroke = `fill="none" stroke="${COLOUR}" stroke-width="1" vector-effect="non-scaling-stroke"`;
  const polygons = data.polygons.map((rings) => rings.map((ring) => `${path(ring)}z`).join('')).join('');
  const lines = data.lines.map(path).join('');
  return [
    polygons && `<path ${stroke.replace('none', COLOUR)} fill-opacity=".25" fill-rule="evenodd" d="${polygons}"/>`,
    lines && `<path ${stroke} d="${lines}"/>`,
    ...cells(data, pixel),
  ].join('');
}

/** Runs of cells are strokes as wide as a dot, one path for each shade. */
function cells({ cells: runs, width, height }: MapData, pixel: number): string[] {
  let most = 1;
  let count = 0;
  for (let index = 0; index < runs.length; index += 4) {
    most = Math.max(most, runs[index + 2] as number);
    count += runs[index + 3] as number;
  }
  if (count === 0) return [];
  const size = dotSize({ count, width, height, pixel });
  const paths: string[] = SHADES.map(() => '');
  let [x, y] = [0, 0];
  for (let index = 0; index < runs.length; index += 4) {
    const [dx = 0, dy = 0, shapes = 1, cells = 1] = runs.slice(index, index + 4);
    x += dx;
    y += dy;
    const shade =
      most === 1 ? SHADES.length - 1 : Math.floor((Math.log(shapes) / Math.log(most)) * (SHADES.length - 1));
    paths[shade] += `M${x} ${y}h${cells - 1}`;
  }
  return paths.flatMap((d, shade) =>
    d === ''
      ? []
      : `<path fill="none" stroke="${COLOUR}" stroke-opacity="${SHADES[shade]}" stroke-width="${number(size)}" stroke-linecap="square" d="${d}"/>`,
  );
}

/**
 * How large a cell is drawn, in cells: so that neighbours of a dense fabric touch, and that few are seen at all.
 * @param of `pixel`: cells of one pixel
 */
export function dotSize(of: { count: number; width: number; height: number; pixel: number }): number {
  const apart = Math.sqrt((of.width * of.height) / of.count);
  const pixels = of.count < 300 ? 6 : of.count < 5000 ? 3 : 1;
  return Math.max(Math.min(2, Math.max(1, apart)), pixels * of.pixel);
}

/** A line as {@link MapData} has it is nearly the path of SVG: the first pair is where it begins, the others are steps. */
function path(line: readonly number[]): string {
  const [x, y, ...steps] = line;
  return `M${x} ${y}l${steps.join(' ').replaceAll(' -', '-')}`;
}

const number = (value: number): string => String(Math.round(value * 1000) / 1000);
