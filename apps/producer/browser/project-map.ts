/** The small map of a project, to move about in: takes the place of its picture once the page has nothing better to do. */
import type * as Leaflet from 'leaflet';
import { type Canvas, drawMap, type MapData } from './draw-map.js';

/** How much closer than the whole one may look: until a cell of the drawing is as large as this, in pixels. */
const LARGEST_CELL = 24;
const LOWEST = 260;

/** Makes the map of a figure, if its data is to be had. */
export async function showMap(figure: HTMLElement): Promise<void> {
  const picture = figure.querySelector('img');
  const { map: address, style } = figure.dataset;
  if (!picture || address === undefined || style === undefined) return;
  const data = await dataOf(address);
  if (!data || data.width === 0) return;
  await Promise.all([styleSheet(style), import('./leaflet.js')]);
  const box = document.createElement('div');
  box.setAttribute('role', 'region');
  box.setAttribute('aria-label', figure.dataset.label ?? '');
  box.className = 'map-box';
  box.style.blockSize = `${Math.max(LOWEST, picture.clientHeight)}px`;
  picture.replaceWith(box);
  makeMap(box, data, figure.dataset);
}

/** Asks until the map is drawn. */
async function dataOf(address: string): Promise<MapData | undefined> {
  for (;;) {
    const answer = await fetch(address, { headers: { accept: 'application/json' } });
    if (!answer.ok) return undefined;
    if (answer.status !== 202) return (await answer.json()) as MapData;
    const seconds = Number(answer.headers.get('retry-after') ?? 2);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

function styleSheet(href: string): Promise<unknown> {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = href;
  const loaded = new Promise((resolve) => {
    link.addEventListener('load', resolve);
    link.addEventListener('error', resolve);
  });
  document.head.append(link);
  return loaded;
}

function makeMap(box: HTMLElement, data: MapData, words: DOMStringMap): void {
  const { L } = globalThis as unknown as { L: typeof Leaflet };
  const { west, south, cell, width, height } = data;
  const middle = south + (height * cell) / 2;
  const squeeze = Math.max(0.02, Math.cos((middle * Math.PI) / 180));
  // True in its middle latitude, as the picture is; the poles are on it.
  const crs: Leaflet.CRS = L.Util.extend({}, L.CRS.EPSG4326, {
    transformation: new L.Transformation(squeeze / 180, squeeze, -1 / 180, 0.5),
    wrapLng: undefined,
  });
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const map = L.map(box, {
    crs,
    attributionControl: false,
    zoomControl: false,
    zoomSnap: 0.25,
    scrollWheelZoom: false,
    zoomAnimation: !still,
    fadeAnimation: !still,
    inertia: !still,
  });
  L.control.zoom({ zoomInTitle: words.zoomIn ?? '+', zoomOutTitle: words.zoomOut ?? '−' }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  // The wheel moves the page, until somebody has turned to the map.
  map.on('focus', () => map.scrollWheelZoom.enable());
  map.on('blur', () => map.scrollWheelZoom.disable());

  const around = cell * Math.max(1, Math.min(10, 200 / Math.max(width, height)));
  const bounds: Leaflet.LatLngBoundsLiteral = [
    [south - around, west - around],
    [south + height * cell + around, west + width * cell + around],
  ];
  const fit = () => map.fitBounds(bounds, { animate: false });
  fit();
  const pixelsPerCell = (zoom: number) => (256 * 2 ** zoom * cell) / 180;
  map.setMinZoom(map.getZoom() - 2);
  map.setMaxZoom(map.getZoom() + Math.max(2, Math.log2(LARGEST_CELL / pixelsPerCell(map.getZoom()))));
  map.setMaxBounds(L.latLngBounds(bounds).pad(1));

  const canvas = L.DomUtil.create('canvas', 'leaflet-zoom-hide', map.getPane('overlayPane')) as HTMLCanvasElement;
  canvas.setAttribute('aria-hidden', 'true');
  const draw = () => {
    const size = map.getSize();
    const sharp = Math.min(2, window.devicePixelRatio || 1);
    L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
    canvas.width = size.x * sharp;
    canvas.height = size.y * sharp;
    canvas.style.width = `${size.x}px`;
    canvas.style.height = `${size.y}px`;
    const context = canvas.getContext('2d');
    if (!context) return;
    const corner = map.latLngToContainerPoint([south, west]);
    const perCell = pixelsPerCell(map.getZoom()) * sharp;
    const place: Canvas = {
      context,
      x: corner.x * sharp,
      y: corner.y * sharp,
      perCellX: perCell * squeeze,
      perCellY: perCell,
      sharp,
      colour: getComputedStyle(box).getPropertyValue('--map-colour').trim() || '#0b6e4f',
    };
    drawMap(place, data);
  };
  map.on('moveend zoomend resize', draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  // Once somebody has moved it, it stays where it is.
  let moved = false;
  for (const event of ['pointerdown', 'keydown', 'wheel']) {
    box.addEventListener(
      event,
      () => {
        moved = true;
      },
      { passive: true },
    );
  }
  new ResizeObserver(() => {
    map.invalidateSize({ animate: false });
    if (!moved) fit();
  }).observe(box);
  draw();
}
