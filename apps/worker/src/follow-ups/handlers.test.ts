import { describe, expect, it } from 'vitest';
import { PUBLIC_URL } from '../../../../test/support/follow-ups.js';
import { createFollowUpHandlers, type FollowUpOptions } from './handlers.js';

const options = (changes: Partial<FollowUpOptions> = {}): FollowUpOptions => ({
  email: { smtpUrl: 'smtp://127.0.0.1:1', from: 'post@example.org', publicUrl: PUBLIC_URL },
  webhook: { allowPrivate: false },
  nextExports: {
    requests: { startNext: () => Promise.reject(new Error('nothing is to be started')) },
    relay: { run: () => Promise.reject(new Error('nothing is to be relayed')) },
    publicUrl: PUBLIC_URL,
  },
  ...changes,
});

describe('building the handlers', () => {
  it('gives one for every built-in task, and connects to nothing', async () => {
    const { handlers, close } = createFollowUpHandlers(options());
    expect([...handlers.keys()].sort()).toEqual(['export.project', 'log.info', 'msg.email', 'webhook.post']);
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
