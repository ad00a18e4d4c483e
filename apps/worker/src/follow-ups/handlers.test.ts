import { BUILT_IN_TASKS, REMOVE_REPLACED_TASK } from '@parcelpost/shared/signatures/registry.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { followUpContext, NO_INPUT, PUBLIC_URL } from '../../../../test/support/follow-ups.js';
import { createFollowUpHandlers, type FollowUpOptions } from './handlers.js';

const options = (changes: Partial<FollowUpOptions> = {}): FollowUpOptions => ({
  email: { smtpUrl: 'smtp://127.0.0.1:1', from: 'post@example.org', publicUrl: PUBLIC_URL },
  webhook: { allowPrivate: false },
  bundles: { removeReplaced: () => Promise.reject(new Error('nothing is to be removed')) },
  nextExports: {
    writes: { startNext: () => Promise.reject(new Error('nothing is to be started')) },
    relay: { run: () => Promise.reject(new Error('nothing is to be relayed')) },
    publicUrl: PUBLIC_URL,
  },
  ...changes,
});

describe('building the handlers', () => {
  it('gives one for every built-in task, and for what the service itself defers, and connects to nothing', async () => {
    const { handlers, close } = createFollowUpHandlers(options());
    expect([...handlers.keys()].sort()).toEqual([...Object.keys(BUILT_IN_TASKS), REMOVE_REPLACED_TASK].sort());
    await close();
  });

  it('gives one for every task of one’s own, beside the built-in ones', async () => {
    const own = { 'chat.say': { summary: 'Says it', args: z.object({}), handle: () => 'said' } };
    const { handlers, close } = createFollowUpHandlers(options({ own }));
    expect(handlers.size).toBe(Object.keys(BUILT_IN_TASKS).length + 2);
    expect(await handlers.get('chat.say')?.(NO_INPUT, {}, followUpContext())).toBe('said');
    await close();
  });

  it.each(['', 'Parcelpost', 'a@example.org, b@example.org', 'Parcelpost <>'])(
    'a sender %j is refused, naming MAIL_FROM',
    (from) => {
      const email = { smtpUrl: 'smtp://127.0.0.1:1', from, publicUrl: PUBLIC_URL };
      expect(() => createFollowUpHandlers(options({ email }))).toThrow(/^MAIL_FROM is wrong/);
    },
  );
});
