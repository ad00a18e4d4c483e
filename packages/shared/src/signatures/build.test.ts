import { describe, expect, it } from 'vitest';
import { chain, chord, group, signature } from './build.js';
import { signaturesSchema } from './schema.js';

/** As it arrives: what JSON makes of it. */
const sent = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('builders', () => {
  it('give the data that one would write by hand, and nothing that was not said', () => {
    expect(sent(signature('msg.email'))).toEqual({ task: 'msg.email' });
    expect(sent(signature('a.b', { n: [1, null] }, { attempts: 2 }).immutable())).toEqual({
      task: 'a.b',
      args: { n: [1, null] },
      options: { attempts: 2 },
      immutable: true,
    });
    expect(sent(chain(signature('a.b'), group(signature('a.c'))))).toEqual({
      chain: [{ task: 'a.b' }, { group: [{ task: 'a.c' }] }],
    });
    expect(sent(chord([signature('a.b')], chain(signature('a.c'))).onFailure(signature('a.d')))).toEqual({
      chord: [{ task: 'a.b' }],
      body: { chain: [{ task: 'a.c' }] },
      onFailure: [{ task: 'a.d' }],
    });
  });

  it('take signatures written by hand beside built ones', () => {
    expect(sent(group({ task: 'a.b' }, signature('a.c')).onSuccess({ chain: [{ task: 'a.d' }] }))).toEqual({
      group: [{ task: 'a.b' }, { task: 'a.c' }],
      onSuccess: [{ chain: [{ task: 'a.d' }] }],
    });
  });

  it('keep callbacks in the order in which they were linked', () => {
    const built = signature('a.b').onSuccess(signature('a.c'), signature('a.d')).onFailure(signature('a.f'));
    expect(sent(built.onSuccess(signature('a.e')))).toEqual({
      task: 'a.b',
      onSuccess: [{ task: 'a.c' }, { task: 'a.d' }, { task: 'a.e' }],
      onFailure: [{ task: 'a.f' }],
    });
  });

  it('give a new value at each step, so that one may be used in many places', () => {
    const args = { list: [1] };
    const base = signature('a.b', args);
    const linked = base.onSuccess(signature('a.c'));
    const still = base.immutable();
    args.list.push(2);
    (base.toJSON().args as typeof args).list.push(3);
    expect(sent(base)).toEqual({ task: 'a.b', args: { list: [1] } });
    expect(sent(linked)).toEqual({ task: 'a.b', args: { list: [1] }, onSuccess: [{ task: 'a.c' }] });
    expect(sent(still)).toEqual({ task: 'a.b', args: { list: [1] }, immutable: true });
    expect(sent(linked.immutable())).toEqual({ ...sent(linked), immutable: true });
  });

  it('give what the schema takes', () => {
    const canvas = chain(
      chord(
        [signature('gis.index'), signature('gis.tiles', { zoom: 12 }, { attempts: 5, timeout: 60_000, priority: 1 })],
        signature('webhook.post', { url: 'https://example.org/ready' }).immutable(),
      ).onFailure(signature('msg.email')),
      group(signature('log.info'), { task: 'log.info', args: { message: 'done' } }),
    );
    const parsed = signaturesSchema.safeParse(sent([canvas]));
    expect(parsed.error?.issues ?? []).toEqual([]);
  });
});
