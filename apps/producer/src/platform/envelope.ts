/** What stands around the records of a page: count, links, and GeoJSON's collection for locations. */
import type { Entity } from '@parcelpost/shared/records.js';
import { splitTarget } from '@parcelpost/shared/tokens/raw-path.js';
import type { FastifyRequest } from 'fastify';
import type { Page } from './reader.js';

export interface PageLinks {
  next: string | null;
  previous: string | null;
}

/**
 * Links to the pages beside this one. They name the host that the reader named, so that one who reaches this service by
 * an inner address is not sent outside; and they bear `TOKEN` only if the reader authorized by it.
 * @param asked.keyset the reader pages by cursor, and goes on by cursor; there is no way back
 */
export function pageLinks(
  request: Pick<FastifyRequest, 'headers' | 'raw'>,
  publicUrl: string,
  page: Page,
  asked: { limit: number; offset: number; keyset: boolean },
): PageLinks {
  const target = splitTarget(request.raw.url ?? '/');
  const base = linkBase(request.headers.host, publicUrl);
  const query = new URLSearchParams(target.query);
  if (request.headers.authorization !== undefined) query.delete('TOKEN');
  const link = (changes: Record<string, string>) => {
    const changed = new URLSearchParams(query);
    for (const [name, value] of Object.entries(changes)) changed.set(name, value);
    return `${base}${target.path}?${changed}`;
  };
  const limit = String(asked.limit);
  if (asked.keyset) return { next: page.next === null ? null : link({ limit, cursor: page.next }), previous: null };
  return {
    next: page.next === null ? null : link({ limit, offset: String(asked.offset + page.size) }),
    previous: asked.offset === 0 ? null : link({ limit, offset: String(Math.max(0, asked.offset - asked.limit)) }),
  };
}

/** The answer of a list, as bytes. */
export function listEnvelope(entity: Entity, page: Page, links: PageLinks): Buffer {
  const [open, close] = entity === 'locations' ? ['{"type":"FeatureCollection","features":', '}'] : ['', ''];
  const head = `{"count":${page.count},"next":${JSON.stringify(links.next)},"previous":${JSON.stringify(links.previous)}`;
  return Buffer.concat([Buffer.from(`${head},"results":${open}`), page.records, Buffer.from(`${close}}`)]);
}

/** Scheme and host of links to this service: the public address, if the reader used it; else plain HTTP to the host that was named. */
export function linkBase(host: string | undefined, publicUrl: string): string {
  const ours = new URL(publicUrl);
  const plain = host !== undefined && /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i.test(host);
  return !plain || host === ours.host ? ours.origin : `http://${host}`;
}
