/** Who may do what with which project: every role, every kind of project, every action, against the real producer. */
import { randomUUID } from 'node:crypto';
import { ProjectService } from '@parcelpost/shared/db/services/projects.js';
import { exportOptions, exportRequestSchema } from '@parcelpost/shared/export-request.js';
import { mintScopedToken, projectPath } from '@parcelpost/shared/tokens/scoped-token.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PUBLIC_URL, send, startProducer, type TestProducer, TOKEN_KEYS, unlikeOthers } from '../support/producer.js';

const ROLES = ['administrator', 'project_manager', 'data_collector', 'project_user'] as const;
const KINDS = ['private', 'public', 'private, archived', 'public, archived'] as const;
type Kind = (typeof KINDS)[number];
type Standing = 'administrator' | 'member' | 'outsider';

/** People, and what their membership makes them in the projects of `acme` that are looked at. */
const PEOPLE: [who: string, standing: Standing][] = [
  ...ROLES.flatMap((role): [string, Standing][] => {
    const standing = role === 'administrator' ? 'administrator' : 'member';
    return [
      [`${role} of the organization`, standing],
      [`${role} of the project`, standing],
      [`${role} of another project`, 'outsider'],
      [`${role} of another organization`, 'outsider'],
    ];
  }),
  ['member of nothing', 'outsider'],
];

const ACTIONS = [
  'read the project',
  'read its parties',
  'ask for an export',
  'see an export of somebody else',
  'list its exports',
  'download what somebody else exported',
  'cancel an export of somebody else',
  'try again an export of somebody else',
  'try again an export of their own',
  'be offered it to export',
] as const;
type Action = (typeof ACTIONS)[number];

const READ: Action[] = ['read the project', 'read its parties'];
const BEGIN: Action[] = ['ask for an export', 'try again an export of their own', 'be offered it to export'];

/** The rules, as README.md has them: `yes`, or the problem that is answered. */
function expected(standing: Standing, kind: Kind, action: Action): string {
  const archived = kind.endsWith('archived');
  switch (standing) {
    case 'administrator':
      return 'yes';
    case 'member':
      if (/^(cancel|try again) an export of somebody else$/.test(action)) return 'export-not-yours';
      if (archived && BEGIN.includes(action)) return action.startsWith('be offered') ? 'no' : 'project-archived';
      return 'yes';
    case 'outsider': {
      const seen = kind.startsWith('public');
      if (READ.includes(action)) return seen ? 'yes' : 'project-not-permitted';
      if (action === 'ask for an export') return seen ? 'export-not-permitted' : 'project-not-found';
      if (action === 'list its exports') return 'project-not-found';
      return action.startsWith('be offered') ? 'no' : 'export-not-found';
    }
  }
}

let producer: TestProducer;
const users = new Map<string, string>();
const slug = (kind: Kind) => kind.replace(', ', '-');

beforeAll(async () => {
  producer = await startProducer();
  const { db } = producer;
  const insert = async (table: string, rows: object[]) => db(table).insert(rows).returning('*');
  const [acme, other] = await insert('organizations', [
    { slug: 'acme', name: 'Acme' },
    { slug: 'other', name: 'Other' },
  ]);
  const projects = await insert('projects', [
    ...KINDS.map((kind) => ({
      organization_id: acme.id,
      slug: slug(kind),
      name: kind,
      access: kind.split(',')[0],
      archived: kind.endsWith('archived'),
    })),
    { organization_id: acme.id, slug: 'beside', name: 'Beside', access: 'private', archived: false },
  ]);
  const beside = projects.find((project) => project.slug === 'beside').id;
  for (const [who] of PEOPLE) {
    const name = who.replaceAll(' ', '-');
    const [user] = await insert('users', [{ username: name, name: who, email: `${name}@example.org` }]);
    users.set(who, user.id);
    const [role = '', , ...where] = who.split(' ');
    const place = where.join(' ');
    const memberships = {
      'the organization': [{ organization_id: acme.id }],
      'the project': projects
        .filter(({ id }) => id !== beside)
        .map(({ id }) => ({ organization_id: acme.id, project_id: id })),
      'another project': [{ organization_id: acme.id, project_id: beside }],
      'another organization': [{ organization_id: other.id }],
    }[place];
    if (memberships)
      await insert(
        'memberships',
        memberships.map((one) => ({ user_id: user.id, role, ...one })),
      );
  }
});
afterAll(() => producer?.close());

/** An export of a project of this kind, asked for by somebody. */
async function exported(kind: Kind, requester: string, outcome: 'failed' | 'completed' | null): Promise<string> {
  const id = randomUUID();
  await producer.db('exports').insert({
    id,
    organization: 'acme',
    organization_name: 'Acme',
    project: slug(kind),
    project_name: kind,
    requester_id: requester,
    requester: JSON.stringify({ id: requester, name: 'Somebody', email: 'somebody@example.org', language: 'en' }),
    options: JSON.stringify(exportOptions(exportRequestSchema.parse({ formats: ['csv'] }))),
    on_success: '[]',
    on_failure: '[]',
    outcome,
    phase: outcome ? 'decided' : 'waiting',
    decided_at: outcome && new Date(),
    deadline_at: new Date(Date.now() + 3_600_000),
  });
  return id;
}

/** What an attempt comes to. */
async function attempt(kind: Kind, user: string, action: Action): Promise<string> {
  const exports = `/api/v1/organizations/acme/projects/${slug(kind)}/exports`;
  const somebody = producer.users.eve;
  const call = async (target: string, method = 'GET', body?: object) => {
    const { status, text } = await send(producer.port, target, {
      method,
      headers: producer.bearer(user),
      ...(body && { body }),
    });
    return outcomeOf(status, text);
  };
  switch (action) {
    case 'read the project':
    case 'read its parties': {
      const path = projectPath('acme', slug(kind));
      const { token } = mintScopedToken({ userId: user, paths: [path] }, TOKEN_KEYS);
      const target = action === 'read the project' ? path : `${path}parties/`;
      const { status, text } = await send(producer.port, target, { headers: { authorization: `TmpToken ${token}` } });
      return outcomeOf(status, text);
    }
    case 'ask for an export':
      return call(exports, 'POST', unlikeOthers({ formats: ['csv'] }));
    case 'see an export of somebody else':
      return call(`/api/v1/exports/${await exported(kind, somebody, 'failed')}`);
    case 'download what somebody else exported': {
      // There is no file: who may have it is told so, everybody else that there is no such export.
      const answer = await call(`/api/v1/exports/${await exported(kind, somebody, 'failed')}/download`);
      return answer === 'export-without-file' ? 'yes' : answer;
    }
    case 'list its exports':
      return call(`/api/v1/exports?organization=acme&project=${slug(kind)}`);
    case 'cancel an export of somebody else':
      return call(`/api/v1/exports/${await exported(kind, somebody, null)}`, 'DELETE');
    case 'try again an export of somebody else':
      return call(`/api/v1/exports/${await exported(kind, somebody, 'failed')}/retry`, 'POST');
    case 'try again an export of their own':
      return call(`/api/v1/exports/${await exported(kind, user, 'failed')}/retry`, 'POST');
    case 'be offered it to export': {
      const offered = await new ProjectService(producer.ownDb).exportable(user, 100);
      return offered.some((project) => project.slug === slug(kind)) ? 'yes' : 'no';
    }
  }
}

function outcomeOf(status: number, text: string): string {
  return status < 300 ? 'yes' : JSON.parse(text).type.replace(`${PUBLIC_URL}/problems/`, '');
}

describe.each(PEOPLE)('%s', (who, standing) => {
  it.each(KINDS)('of a project that is %s', async (kind) => {
    const user = users.get(who) as string;
    const answers: Record<string, string> = {};
    for (const action of ACTIONS) answers[action] = await attempt(kind, user, action);
    expect(answers).toEqual(Object.fromEntries(ACTIONS.map((action) => [action, expected(standing, kind, action)])));
  });
});

it('who has left a project reads nothing of it with a token of before, and exports nothing', async () => {
  const user = users.get('data_collector of the project') as string;
  await producer.db('memberships').where({ user_id: user }).delete();
  const answers = await Promise.all(ACTIONS.map((action) => attempt('private', user, action)));
  expect(answers).toEqual(ACTIONS.map((action) => expected('outsider', 'private', action)));
});

it('a project that is taken back from the archive is exported as before', async () => {
  const user = users.get('project_user of the project') as string;
  await producer
    .db('projects')
    .where({ slug: slug('private, archived') })
    .update({ archived: false });
  expect(await attempt('private, archived', user, 'ask for an export')).toBe('yes');
});
