/**
 * Two steps of an installation's own, for STEPS_MODULE=docs/examples/own-steps.mjs. See docs/own-steps.md.
 */

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const xml = (text) =>
  String(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 has no place for them
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu, '')
    .replace(/[&<>"]/g, (sign) => ESCAPES[sign]);

const tuple = ([x, y, z]) => (z === undefined ? `${x},${y}` : `${x},${y},${z}`);
const tuples = (positions) => positions.map(tuple).join(' ');
const ring = (positions) => `<LinearRing><coordinates>${tuples(positions)}</coordinates></LinearRing>`;
const polygon = ([outer, ...holes]) =>
  `<Polygon><outerBoundaryIs>${ring(outer)}</outerBoundaryIs>` +
  `${holes.map((hole) => `<innerBoundaryIs>${ring(hole)}</innerBoundaryIs>`).join('')}</Polygon>`;
const several = (shapes) => `<MultiGeometry>${shapes.join('')}</MultiGeometry>`;
const point = (position) => `<Point><coordinates>${tuple(position)}</coordinates></Point>`;
const line = (positions) => `<LineString><coordinates>${tuples(positions)}</coordinates></LineString>`;

/** A GeoJSON geometry as KML 2.2 has it; both are WGS 84, longitude first. */
function shape({ type, coordinates, geometries }) {
  switch (type) {
    case 'Point':
      return point(coordinates);
    case 'LineString':
      return line(coordinates);
    case 'Polygon':
      return polygon(coordinates);
    case 'MultiPoint':
      return several(coordinates.map(point));
    case 'MultiLineString':
      return several(coordinates.map(line));
    case 'MultiPolygon':
      return several(coordinates.map(polygon));
    default:
      return several(geometries.map(shape));
  }
}

const isDrawn = ({ geometry }) => geometry !== null && (geometry.coordinates ?? geometry.geometries).length > 0;

export const steps = [
  {
    name: 'kml',
    version: 1,
    summary: 'The locations as KML, for globes',
    formats: ['kml'],
    entities: ['locations'],
    before: 'xlsx',
    map: (locations) =>
      locations
        .filter(isDrawn)
        .map(
          ({ id, type, geometry }) =>
            `<Placemark id="_${xml(id)}"><name>${xml(type)}</name>${shape(geometry)}</Placemark>\n`,
        )
        .join(''),
    async reduce({ context, fragments, write }) {
      async function* document() {
        yield '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n';
        yield `<name>${xml(context.project)}</name>\n`;
        for (const fragment of fragments) yield* fragment.read();
        yield '</Document></kml>\n';
      }
      await write('locations.kml', document());
    },
  },
  {
    name: 'sums',
    version: 1,
    summary: 'SHA256SUMS of all files, as sha256sum -c reads it',
    formats: ['sha256sums'],
    uses: 'all',
    reduce: ({ files, write }) => write('SHA256SUMS', files.map(({ sha256, name }) => `${sha256}  ${name}\n`).join('')),
  },
];
