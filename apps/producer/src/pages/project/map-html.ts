/** The small map on a project's page: a picture at once, and where there is script, a map to move about in. */
import type { MapData } from '../../map/map-data.js';
import { assetUrl } from '../assets.js';
import type { PageContext } from '../context.js';
import { type Html, html } from '../html.js';
import { fill, speech } from '../intl.js';
import { PROJECT } from '../words/project.js';

/** Size of the picture until it says so itself, so that the page does not jump. */
const WIDTH = 640;
const HEIGHT = 360;

export function mapFigure(
  context: PageContext,
  { href, data }: { href: string; data: MapData | undefined },
  locations: number,
): Html {
  const words = PROJECT[context.language];
  const say = speech(context.language);
  if (locations === 0 || data?.drawn === 0) return html`<p class="muted">${words.mapEmpty}</p>`;
  const known = say.plural(locations, words.counts.locations);
  const alt = data ? fill(words.mapAlt, { locations: known, ...edges(data, context) }) : `${words.map}: ${known}`;
  const notes = [
    data && data.empty > 0 && say.plural(data.empty, words.mapWithout),
    data && data.undrawable > 0 && say.plural(data.undrawable, words.mapUndrawable),
    words.mapSimplified,
  ].filter((note) => note !== false && note !== undefined);
  return html`<figure class="project-map" data-map="${href}.json" data-style="${assetUrl('leaflet.css')}" data-label="${alt}" data-zoom-in="${words.zoomIn}" data-zoom-out="${words.zoomOut}">
<img src="${href}.svg" width="${WIDTH}" height="${HEIGHT}" alt="${alt}">
<figcaption class="small">${notes.join(' ')}</figcaption></figure>`;
}

/** The corners of a map in degrees, as the language writes numbers. */
function edges({ west, south, cell, width, height }: MapData, { language }: PageContext): Record<string, string> {
  const degrees = (value: number, sides: [string, string]) => {
    const turned = value > 180 ? value - 360 : value;
    const text = speech(language).number(Math.round(Math.abs(turned) * 100) / 100);
    return `${text}° ${turned < 0 ? sides[1] : sides[0]}`;
  };
  return {
    west: degrees(west, ['E', 'W']),
    east: degrees(west + width * cell, ['E', 'W']),
    south: degrees(south, ['N', 'S']),
    north: degrees(south + height * cell, ['N', 'S']),
  };
}
