/** The API document (OpenAPI 3.1), put together from the schemas of the routes. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

/** Options of the plugin that writes the document. */
export function openapi(publicUrl: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Parcelpost',
        version: '1',
        description: 'Exports of land-tenure projects, and the platform API that they read.',
      },
      servers: [{ url: publicUrl }],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
          scopedToken: {
            type: 'apiKey',
            in: 'header',
            name: 'Authorization',
            description: '`TmpToken <scoped token>`; or the query parameter TOKEN',
          },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject;
      for (const path of Object.values(document.openapiObject.paths ?? {})) {
        for (const operation of Object.values(path ?? {})) leaveOptional(operation as Operation);
      }
      return document.openapiObject;
    },
  };
}

interface Operation {
  requestBody?: { required?: boolean; content: Record<string, { schema?: { anyOf?: { type?: string }[] } }> };
}

/** The plugin takes every body for one that has to be sent; one that may be null may be left out. */
function leaveOptional({ requestBody }: Operation): void {
  const schema = requestBody?.content['application/json']?.schema;
  if (requestBody && schema?.anyOf?.some(({ type }) => type === 'null')) requestBody.required = false;
}
