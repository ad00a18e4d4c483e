/** The schemas that this service publishes, for those who write what it takes. */
import { createHash } from 'node:crypto';
import { signatureJsonSchema } from '@parcelpost/shared/signatures/json-schema.js';
import { SIGNATURE_SCHEMA_PATH } from '@parcelpost/shared/signatures/schema.js';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';
import { isUnchanged } from './conditional.js';

/** Media type of a JSON Schema, by its own specification (2020-12, section 14). */
const SCHEMA_JSON = 'application/schema+json';

export async function schemaRoutes(scope: FastifyInstance, { config, tasks }: Dependencies): Promise<void> {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const sealScope = refuseOtherMethods(scope);
  const text = JSON.stringify(signatureJsonSchema(config.PUBLIC_URL, tasks), undefined, 2);
  const validators = {
    etag: `"${createHash('sha256').update(text).digest('base64url')}"`,
    // It changes with the installation's configuration, which is read once.
    modified: new Date(),
  };

  app.get(
    SIGNATURE_SCHEMA_PATH,
    {
      schema: {
        summary: 'JSON Schema (2020-12) of a signature, with the tasks that this installation knows',
        tags: ['service'],
        response: {
          200: { description: 'The schema', content: { [SCHEMA_JSON]: { schema: z.any() } } },
          304: z.null().describe('The reader has this version'),
        },
      },
    },
    async (request, reply) => {
      reply.headers({ etag: validators.etag, 'cache-control': 'public, max-age=3600' });
      if (isUnchanged(request.headers, validators)) return reply.code(304).send(null);
      return reply.type(`${SCHEMA_JSON}; charset=utf-8`).send(Buffer.from(text));
    },
  );
  sealScope();
}
