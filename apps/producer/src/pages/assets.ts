/**
 * What pages load beside themselves: the style sheet, the browser's scripts, the icon. Each has an address with a hash of its
 * content, under which it may be kept for ever; under its plain name (`/assets/page.js`) caches ask again each time,
 * which is for pages of others that embed a script of ours.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync, constants as zlib } from 'node:zlib';
import { lazily } from '@parcelpost/shared/lazily.js';

/** The same from the sources as from what is built of them. */
const STYLES = new URL('../../browser/style/', import.meta.url);
const SCRIPTS = new URL('../../dist/browser/', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b6e4f"/>
<path d="M8 11l8-4 8 4v10l-8 4-8-4zM8 11l8 4 8-4M16 15v10" fill="none" stroke="#fff" stroke-width="2" stroke-linejoin="round"/></svg>`;

/** One of them. */
export class Asset {
  readonly type: string;
  /** `page-3f2a9c01b4.js` */
  readonly hashed: string;
  readonly body: Buffer;
  readonly #gzip = lazily(() => gzipSync(this.body, { level: 9 }));
  readonly #brotli = lazily(() =>
    brotliCompressSync(this.body, {
      params: { [zlib.BROTLI_PARAM_QUALITY]: 9, [zlib.BROTLI_PARAM_MODE]: zlib.BROTLI_MODE_TEXT },
    }),
  );

  constructor(
    readonly name: string,
    text: string,
  ) {
    const dot = name.lastIndexOf('.');
    this.body = Buffer.from(text);
    this.type = TYPES[name.slice(dot + 1)] ?? 'application/octet-stream';
    const hash = createHash('sha256').update(this.body).digest('hex').slice(0, 12);
    this.hashed = `${name.slice(0, dot)}-${hash}${name.slice(dot)}`;
  }

  /** The body in the best coding that `Accept-Encoding` names; it is compressed once. */
  encoded(accepted: string | undefined): { body: Buffer; coding?: 'br' | 'gzip' } {
    const codings = new Set((accepted ?? '').split(',').map((item) => item.split(';')[0]?.trim().toLowerCase()));
    const refused = /\b(br|gzip)\s*;\s*q=0(\.0*)?\s*(,|$)/i.test(accepted ?? '');
    if (refused) return { body: this.body };
    if (codings.has('br')) return { body: this.#brotli(), coding: 'br' };
    if (codings.has('gzip')) return { body: this.#gzip(), coding: 'gzip' };
    return { body: this.body };
  }
}

/** A module that a script of ours imports: `from "./times.js"`. */
const IMPORT = /((?:\bfrom|\bimport)\s*\(?\s*["'])\.\/([\w.-]+\.js)(["'])/g;

/**
 * Makes assets of texts. Imports of one script by another are led to the hashed name, which is why that one is made first.
 * @throws {Error} if scripts import each other in a circle, or one that is not there
 */
export function makeAssets(texts: ReadonlyMap<string, string>): Map<string, Asset> {
  const made = new Map<string, Asset>();
  const make = (name: string, importers: readonly string[]): Asset => {
    const known = made.get(name);
    if (known) return known;
    const text = texts.get(name);
    const way = [...importers, name].join(' > ');
    if (text === undefined) throw new Error(`there is no asset ${way}: is everything built (npm run build)?`);
    if (importers.includes(name)) throw new Error(`scripts import each other in a circle: ${way}`);
    const led = name.endsWith('.js')
      ? text.replace(IMPORT, (_, before, to, after) => `${before}./${make(to, [...importers, name]).hashed}${after}`)
      : text;
    const asset = new Asset(name, led);
    made.set(name, asset);
    return asset;
  };
  for (const name of texts.keys()) make(name, []);
  return made;
}

const ours = lazily(() => {
  const of = (folder: URL, extension: string) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(extension))
      .sort()
      .map((name) => [name, readFileSync(new URL(name, folder), 'utf8')] as const);
  const style = of(STYLES, '.css')
    .map(([, text]) => text)
    .join('\n');
  const leaflet = (name: string) =>
    [name, readFileSync(new URL(import.meta.resolve(`leaflet/dist/${name}`)), 'utf8')] as const;
  return makeAssets(
    new Map([
      ['style.css', style],
      ['icon.svg', ICON],
      leaflet('leaflet.css'),
      ...of(SCRIPTS, '.js'),
      leaflet('leaflet.js'),
    ]),
  );
});

/** The asset of a plain or a hashed name. */
export function assetOf(name: string): Asset | undefined {
  return ours().get(name) ?? byHashedName().get(name);
}
const byHashedName = lazily(() => new Map([...ours().values()].map((asset) => [asset.hashed, asset])));

/** Where a page finds an asset by its plain name. @throws {Error} if there is none of the name */
export function assetUrl(name: string): string {
  const asset = ours().get(name);
  if (!asset) throw new Error(`there is no asset ${name}: is everything built (npm run build)?`);
  return `/assets/${asset.hashed}`;
}
