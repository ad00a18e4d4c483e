import type { FastifyInstance, HTTPMethods } from 'fastify';
import { problem } from './problems.js';

const METHODS: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Answers 405 and `Allow` for the methods that an address of this scope does not have. Call it before the scope's routes
 * are added, and what it returns after them. The scope's own guards come first.
 * @param elsewhere methods that addresses of this scope have in another one
 */
export function refuseOtherMethods(
  app: FastifyInstance,
  elsewhere: Readonly<Record<string, readonly HTTPMethods[]>> = {},
): () => void {
  const routes = new Map<string, Set<string>>(
    Object.entries(elsewhere).map(([url, methods]) => [url, new Set<string>(methods)]),
  );
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? new Set();
    for (const one of Array.isArray(method) ? method : [method]) known.add(one);
    routes.set(url, known);
  });
  return () => {
    for (const [url, known] of [...routes]) {
      const allow = [...known].sort().join(', ');
      const others = METHODS.filter((method) => !known.has(method));
      app.route({
        method: others,
        url,
        schema: { hide: true },
        onRequest: async (request) => {
          throw problem('method-not-allowed', `This address does not have ${request.method}; it has ${allow}.`, {
            headers: { allow },
          });
        },
        handler: async () => {},
      });
    }
  };
}
