/** The element that pages of other sites embed: one module at one address, whatever version runs. */
import { lazily } from '@parcelpost/shared/lazily.js';
import type { FastifyInstance } from 'fastify';
import { refuseOtherMethods } from '../methods.js';
import { Asset, assetOf } from './assets.js';

const NAME = 'parcelpost-export.js';
/** Its parts, each after those that it imports. Our own pages load them one by one. */
const PARTS = ['embed-words.js', 'embed-style.js', 'embed-texts.js', 'export-source.js', NAME];

/** For so long a browser uses it without asking again. */
const MAX_AGE_SECONDS = 300;

/**
 * Joins modules of ours, as the compiler writes them, into one: what they have at their top is theirs together, and no name is
 * there twice.
 */
export function joined(modules: readonly string[]): string {
  return modules
    .map((text) =>
      text
        .replaceAll(/^import\b[^;]*;\n/gm, '')
        .replaceAll(/^export \{\s*\};\n?/gm, '')
        .replaceAll(/^export (?=(?:async |abstract )?(?:const|let|class|function)\b)/gm, ''),
    )
    .join('');
}

/** In one file: a page that has loaded it needs nothing more, and mixes no two versions while a service is being renewed. */
const module = lazily(
  () => new Asset(NAME, joined(PARTS.map((name) => assetOf(name)?.body.toString() ?? missing(name)))),
);

function missing(name: string): never {
  throw new Error(`there is no ${name}: is everything built (npm run build)?`);
}

/** Serves it to everybody: it holds nothing but code. */
export async function embedRoutes(app: FastifyInstance): Promise<void> {
  const sealScope = refuseOtherMethods(app);
  app.get(`/embed/${NAME}`, { schema: { hide: true } }, async (request, reply) => {
    const { body, coding } = module().encoded(request.headers['accept-encoding']);
    const etag = `"${module().hashed}${coding ? `-${coding}` : ''}"`;
    reply.headers({
      'cache-control': `public, max-age=${MAX_AGE_SECONDS}`,
      vary: 'accept-encoding',
      etag,
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    if (coding) reply.header('content-encoding', coding);
    return reply.type(module().type).send(body);
  });
  sealScope();
}
