import { describe, expect, test } from 'vitest';
import { ENGINES } from '../support/engines.js';
import { startStack } from '../support/stack.js';

describe.each(ENGINES)('producer and workers as processes, queues on %s', (engine) => {
  test('carry an export from the request to the mail, and end when told to', async () => {
    const stack = await startStack({ engine, workers: 2 });
    try {
      const ana = await stack.as('ana');
      const { id } = await ana.requestExport('cadasta/london-2', {
        outputType: 'shp',
        onSuccess: [{ task: 'msg.email' }],
      });
      const state = await ana.waitForOutcome(id);
      expect(state).toMatchObject({ state: 'completed', error: null });
      const mail = await stack.smtp.waitForMail(({ to }) => to.includes('ana@example.org'));
      expect(mail.raw).toContain(state.bundle?.name);
      expect(stack.smtp.mails()).toHaveLength(1);
      const exits = await Promise.all([stack.producer, ...stack.workers].map((app) => app.kill('SIGTERM')));
      expect(exits).toEqual(exits.map(() => ({ code: 0, signal: null })));
    } finally {
      await stack.stop();
    }
  });
});
