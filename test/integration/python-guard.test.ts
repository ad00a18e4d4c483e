/** The guard in Python that docs/tokens.md offers: it lets in what ours does, and nothing of what ours refuses. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { mintScopedToken } from '@parcelpost/shared/tokens/scoped-token.js';
import { publicJwks } from '@parcelpost/shared/tokens/token-keys.js';
import { expect, it } from 'vitest';
import { forge, goodClaims, guardKeys, makeKeyPairs, SIGNERS } from '../support/forge.js';
import { hostileRequests } from '../support/hostile-requests.js';

const EXAMPLE = fileURLToPath(new URL('../../docs/examples/scoped_token.py', import.meta.url));
const base = '/api/v1/organizations/cadasta/projects/london-2/';
const pairs = { ...makeKeyPairs(), secret: 'a token secret of more than thirty-two characters' };
const keys = guardKeys(pairs);
const userId = randomUUID();

/** Debian's package is for Debian's Python, which need not be the first on the PATH. */
function pythonWithJwt(): string {
  const found = ['python3', '/usr/bin/python3'].find(
    (python) => spawnSync(python, ['-c', 'import jwt, cryptography']).status === 0,
  );
  if (found === undefined) throw new Error('PyJWT is needed: apt-get install python3-jwt python3-cryptography');
  return found;
}

interface Question {
  token: string;
  method: string;
  target: string;
}

/** What the example says to each: the user's id, or `<status> <problem>`. */
function judge(questions: readonly Question[], ended: readonly string[]): string[] {
  const script = `
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("scoped_token", sys.argv[1])
guard = importlib.util.module_from_spec(spec)
spec.loader.exec_module(guard)
given = json.load(sys.stdin)
keys = {**guard.public_keys(given["jwks"]), given["secretName"]: (given["secret"], "HS256")}
def answer(one):
    try:
        return guard.authorize(one["token"], one["method"], one["target"], keys, lambda jti: jti not in given["ended"])["sub"]
    except guard.Refused as refused:
        return f"{refused.status} {refused.problem}"
json.dump([answer(one) for one in given["questions"]], sys.stdout)`;
  const input = { jwks: publicJwks(keys), secret: pairs.secret, secretName: keys.at(-1)?.kid, questions, ended };
  const out = execFileSync(pythonWithJwt(), ['-c', script, EXAMPLE], {
    input: JSON.stringify(input),
    maxBuffer: 1 << 26,
  });
  return JSON.parse(out.toString('utf8'));
}

it('lets in what is legitimate, and refuses every hostile token and path', () => {
  const good = mintScopedToken({ userId, paths: [base] }, keys);
  const over = mintScopedToken({ userId, paths: [base] }, keys);
  const by = (algorithm: 'RS256' | 'ES256' | 'HS256', index: number, key: never) =>
    forge({ alg: algorithm, kid: keys[index]?.kid }, goodClaims({ base, userId }), (text) =>
      SIGNERS[algorithm](text, key),
    );
  const legitimate: Question[] = [
    ...['', 'spatial/', 'relationships/tenure/?limit=5&cursor=../..', 'v1.2_~!%27()*/'.replace('%27', "'")].map(
      (below) => ({
        token: good.token,
        method: 'GET',
        target: base + below,
      }),
    ),
    { token: good.token, method: 'GET', target: base.slice(0, -1) },
    { token: by('RS256', 0, pairs.rsa as never), method: 'GET', target: base },
    { token: by('ES256', 1, pairs.ec as never), method: 'GET', target: base },
    { token: by('HS256', 2, pairs.secret as never), method: 'GET', target: `${base}%E0%B9%82/` },
  ];
  // Those that are hostile by their token, method or path; how a token is presented is not the example's to judge.
  const hunted = {
    ...pairs,
    base,
    userId,
    token: good.token,
    ended: [['ended', over.token] as [string, string]],
    notBegun: over.token,
  };
  const hostile = hostileRequests(hunted).flatMap(({ name, method, target, headers }) => {
    const [only, ...others] = headers;
    const token = /^TmpToken (\S+)$/.exec(only?.[0] === 'Authorization' ? only[1] : '')?.[1];
    return token === undefined || others.length > 0 || target.includes('TOKEN=')
      ? []
      : [{ name, token, method, target }];
  });
  expect(hostile.length).toBeGreaterThan(400);

  const answers = judge([...legitimate, ...hostile], [over.claims.jti]);
  expect(answers.slice(0, legitimate.length)).toEqual(legitimate.map(() => userId));
  const letIn = hostile.filter((_, i) => !/^4\d\d /.test(answers[legitimate.length + i] ?? ''));
  expect(letIn.map(({ name }) => name)).toEqual([]);
  const said = (name: string) => answers[legitimate.length + hostile.findIndex((one) => one.name === name)];
  expect(said('reuse: ended')).toBe('401 token-revoked');
  expect(said('token: exp -1 s from now')).toBe('401 token-expired');
  expect(said(`path ${base.replace('london-2', 'london-20')}`)).toBe('403 path-not-permitted');
  expect(said('method DELETE')).toBe('403 method-not-permitted');
});
