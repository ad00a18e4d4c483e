/** Uploading a file, and adding it to a project as a resource. */
import { uploadLimits } from '@parcelpost/shared/config.js';
import { ProjectService } from '@parcelpost/shared/db/services/projects.js';
import { ResourceService } from '@parcelpost/shared/db/services/resources.js';
import { UploadService } from '@parcelpost/shared/db/services/uploads.js';
import { isUuid, UserService } from '@parcelpost/shared/db/services/users.js';
import { audited } from '@parcelpost/shared/db/tasks/audit.js';
import { userOwner } from '@parcelpost/shared/files/owner.js';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AddResource, resourceBody } from '../actions/add-resource.js';
import { Identifier } from '../actions/identify.js';
import { ReceiveUpload } from '../actions/receive-upload.js';
import type { Dependencies } from '../dependencies.js';
import { refuseOtherMethods } from '../methods.js';
import { resourceFilePath, resourcesRoute } from '../platform/paths.js';
import { invalidRequest, problem } from '../problems.js';

const security = [{ bearer: [] }];
const tags = ['files'];

const uploadQuery = z.object({
  name: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^\p{Cc}\p{Surrogate}/\\]+$/u, 'must be the name of a file, without a path and control characters')
    .describe('The file’s name'),
});

const uploadAnswer = z.object({
  id: z.uuid().describe('Refer to the file by it'),
  name: z.string(),
  mediaType: z.string(),
  bytes: z.int(),
  sha256: z.string(),
});

const resourceAnswer = z.object({
  id: z.uuid(),
  name: z.string(),
  description: z.string(),
  file: z.url().describe('Where the file is read, with a scoped token of the project'),
  links: z.array(z.object({ id: z.string(), type: z.string() })),
});

/** RFC 6838, section 4.2, without parameters. */
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** @throws {ProblemError} 400 `invalid-parameter` for what is no media type */
function mediaTypeOf(header: string | undefined): string {
  const type = (header ?? 'application/octet-stream').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!MEDIA_TYPE.test(type)) {
    const detail = 'is no media type, such as image/png; leave it out if you do not know it';
    throw invalidRequest([{ pointer: 'Content-Type', detail }], 'invalid-parameter');
  }
  return type;
}

export async function fileRoutes(scope: FastifyInstance, dependencies: Dependencies): Promise<void> {
  const { config, db, log, storage, writes } = dependencies;
  const identify = new Identifier(new UserService(db), config.AUTH_SECRET);
  const projects = new ProjectService(db);
  const uploads = new UploadService(db);
  const limits = uploadLimits(config);
  const receive = new ReceiveUpload({ uploads, projects, storage, maxMb: config.UPLOAD_MAX_MB, limits, log });
  const { files, runner } = writes;
  const resources = new AddResource({ resources: new ResourceService(), files, runner });
  runner.hooks.before(resources.add.taskName, ({ address, file }, { trx }) =>
    writes.quota.checkFile(trx, address, file),
  );
  audited(resources.add.taskName, ({ id }, { address, file }) => ({
    subject: { kind: 'resource', id },
    details: { project: `${address.organization}/${address.project}`, file },
  }))(runner.hooks);

  await scope.register(async (uploading) => {
    const app = uploading.withTypeProvider<ZodTypeProvider>();
    const sealScope = refuseOtherMethods(uploading);
    // A file of whatever type is taken as it comes, and never held in memory.
    uploading.removeAllContentTypeParsers();
    uploading.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    app.post(
      '/api/v1/files',
      {
        onRequest: identify.guard,
        schema: {
          summary: `Upload a file of at most ${config.UPLOAD_MAX_MB} MB, to be added to a project; one that is not is removed`,
          description:
            'The body is the file itself; Content-Type is its media type (default: application/octet-stream).',
          consumes: ['*/*'],
          body: z.any().meta({ type: 'string', format: 'binary' }),
          tags,
          security,
          querystring: uploadQuery,
          response: { 201: uploadAnswer },
        },
      },
      async (http, reply) => {
        const user = await identify.bearer(http);
        const mediaType = mediaTypeOf(http.headers['content-type']);
        const { name } = http.query;
        const length = http.headers['content-length'];
        const bytes = length === undefined ? undefined : Number(length);
        const arrived = await receive.run(user, http.raw, { name, mediaType, bytes });
        http.log.info({ file: arrived.id, bytes: arrived.bytes, user: user.id }, 'file uploaded');
        return reply.code(201).send({ ...arrived, name, mediaType });
      },
    );
    app.delete(
      '/api/v1/files/:id',
      {
        onRequest: identify.guard,
        schema: {
          summary: 'Remove a file that you have uploaded, and that has not been added to a project',
          tags,
          security,
          params: z.object({ id: z.string() }),
          response: { 204: z.null().describe('It is out of reach; its bytes go within a minute or so') },
        },
      },
      async (http, reply) => {
        const user = await identify.bearer(http);
        const { id } = http.params;
        if (!isUuid(id) || !(await uploads.discard(id, userOwner(user.id)))) {
          throw problem(
            'file-not-found',
            'There is no file of this id that you have uploaded and not added to a project.',
          );
        }
        http.log.info({ file: id, user: user.id }, 'file removed by its uploader');
        return reply.code(204).send(null);
      },
    );
    sealScope();
  });

  // Reading them is the platform API's, which refuses all other methods of the address.
  scope.withTypeProvider<ZodTypeProvider>().post(
    resourcesRoute,
    {
      onRequest: identify.guard,
      schema: {
        summary: 'Add a file to a project as a resource: from then on it is the project’s',
        tags,
        security,
        params: z.object({ org: z.string(), project: z.string() }),
        body: resourceBody,
        response: { 201: resourceAnswer },
      },
    },
    async (http, reply) => {
      const user = await identify.bearer(http);
      const address = { organization: http.params.org, project: http.params.project };
      const { id } = await resources.run(user, address, http.body);
      http.log.info({ resource: id, ...address, user: user.id }, 'resource added');
      const { name, description, links } = http.body;
      const file = new URL(resourceFilePath(address, id), config.PUBLIC_URL).href;
      return reply.code(201).send({ id, name, description, file, links });
    },
  );
}
