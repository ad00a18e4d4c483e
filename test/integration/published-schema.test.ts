/** The published schema of signatures, read by somebody else's validator, as an author of canvases would. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PUBLIC_URL, send, startProducer, type TestProducer } from '../support/producer.js';

const path = '/schemas/signature-v1.json';
const log = { task: 'log.info' };

let producer: TestProducer;
let validate: ValidateFunction;
beforeAll(async () => {
  const survey = { summary: 'Tells the survey office', args: z.strictObject({ office: z.string() }) };
  producer = await startProducer({ tasks: { own: { 'survey.tell': survey }, routes: ['gis'] } });
  const { json } = await send(producer.port, path);
  validate = new Ajv2020({ strict: false, validateFormats: false }).compile(json);
});
afterAll(() => producer.close());

it('is published under its own address, as a schema, and is not sent twice to who has it', async () => {
  const { status, headers, json } = await send(producer.port, path);
  expect([status, headers['content-type']]).toEqual([200, 'application/schema+json; charset=utf-8']);
  expect(headers['cache-control']).toBe('public, max-age=3600');
  expect(json.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  expect(json.$id).toBe(`${PUBLIC_URL}${path}`);
  const again = await send(producer.port, path, { headers: { 'if-none-match': `${headers.etag}` } });
  expect([again.status, again.text, again.headers.etag]).toEqual([304, '', headers.etag]);
  expect((await send(producer.port, path, { method: 'POST' })).status).toBe(405);
});

it('is where the API document refers to', async () => {
  const api = (await send(producer.port, '/openapi.json')).json;
  const { post } = api.paths['/api/v1/organizations/{org}/projects/{project}/exports'];
  const { properties } = post.requestBody.content['application/json'].schema;
  for (const hook of ['onSuccess', 'onFailure']) {
    expect(new URL(properties[hook].items.$ref, `${PUBLIC_URL}/openapi.json`).href).toBe(`${PUBLIC_URL}${path}`);
  }
});

describe('says of a signature what the service does', () => {
  it.each<[string, object, boolean]>([
    ['a call', log, true],
    [
      'a call with all that it may have',
      {
        version: 1,
        ...log,
        args: { message: 'x' },
        options: { attempts: 2, backoff: 0, delay: 1, timeout: 100, priority: 1 },
        immutable: true,
        onSuccess: [log],
        onFailure: [],
      },
      true,
    ],
    [
      'a chain, a group and a chord inside one another',
      { chain: [{ group: [log] }, { chord: [log], body: { chain: [log] } }] },
      true,
    ],
    ['a task of this installation', { task: 'survey.tell', args: { office: 'north' } }, true],
    ['a task of another service', { task: 'gis.index', args: { any: [1] } }, true],
    [
      'the next export',
      { task: 'export.project', args: { project: 'london-2', request: { outputType: 'shp', onSuccess: [log] } } },
      true,
    ],
    ['an unknown task', { task: 'msg.fax' }, false],
    ['a task without a queue', { task: 'fax' }, false],
    ['wrong arguments of a task of this installation', { task: 'survey.tell', args: { office: 1 } }, false],
    ['wrong arguments of a built-in task', { task: 'msg.email', args: { to: 'nobody' } }, false],
    ['a wrong option', { ...log, options: { attempts: 0 } }, false],
    ['two kinds in one', { ...log, chain: [log] }, false],
    ['an empty chain', { chain: [] }, false],
    ['a chord without a body', { chord: [log] }, false],
    ['a body without a chord', { group: [log], body: log }, false],
    ['an unknown field', { ...log, colour: 'red' }, false],
    ['a fault deep below', { chain: [{ group: [{ ...log, onFailure: [{ task: 'msg.fax' }] }] }] }, false],
    [
      'a wrong next export',
      { task: 'export.project', args: { project: 'london-2', request: { outputType: 'dwg' } } },
      false,
    ],
    [
      'a next export with a wrong follow-up',
      {
        task: 'export.project',
        args: { project: 'london-2', request: { outputType: 'shp', onSuccess: [{ chain: [] }] } },
      },
      false,
    ],
  ])('%s', async (_, signature, right) => {
    expect(validate(signature), JSON.stringify(validate.errors)).toBe(right);
    const { status, text } = await send(producer.port, '/api/v1/organizations/cadasta/projects/london-2/exports', {
      method: 'POST',
      headers: producer.bearer(producer.users.ana),
      body: { outputType: 'shp', onSuccess: [signature] },
    });
    expect(status, text).toBe(right ? 202 : 422);
  });
});
