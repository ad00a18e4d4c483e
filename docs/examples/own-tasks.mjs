/**
 * Two tasks of an installation's own, for TASKS_MODULE=docs/examples/own-tasks.mjs and
 * WORKER_QUEUES=export,msg,webhook,log,chat,register. See docs/own-tasks.md.
 */
import { z } from 'zod';

/** One line about whatever came before: an export's result or failure, a follow-up's fault, a value, or nothing. */
function sentence(input, end) {
  const { project } = end.kind === 'success' ? end.result : end.report;
  if (input === null) return `The export of ${project.name} has ended.`;
  if (input.followUpId) return `${input.step} failed after the export of ${project.name}: ${input.message}`;
  if (input.code) return `The export of ${project.name} failed: ${input.message}`;
  if (input.file) return `The export of ${project.name} is ready: ${input.links[0]?.url}`;
  return `After the export of ${project.name}: ${JSON.stringify(input)}`;
}

/** An error that says what to make of it. */
const failure = (message, more) => Object.assign(new Error(message), more);

export const tasks = {
  'chat.say': {
    summary: 'Says in a chat channel what came before',
    args: z.strictObject({
      channel: z.string().regex(/^[a-z0-9-]{1,80}$/, 'must be a channel such as land-office'),
    }),
    async handle(input, { channel }, { followUpId, end, signal }) {
      // Where the chat is, and the secret in its address, are the installation's, not the asker's.
      const response = await fetch(process.env.CHAT_WEBHOOK_URL, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id: followUpId, channel, text: sentence(input, end) }),
        signal,
      });
      await response.body?.cancel();
      if (response.ok) return { channel };
      const message = `the chat answered ${response.status}`;
      if (response.status === 404) throw failure(message, { code: 'no-such-channel', permanent: true });
      if (response.status === 429) {
        throw failure(message, { retryAfterMs: Number(response.headers.get('retry-after')) * 1000 });
      }
      throw failure(message);
    },
  },
  'register.number': {
    summary: 'Gives the export a number in a register',
    args: z.strictObject({ register: z.string().min(1).max(40), year: z.int().default(2026) }),
    // The same number at every try: it is made of what does not change.
    handle: (_input, { register, year }, { exportId }) => ({ number: `${register}/${year}/${exportId.slice(0, 8)}` }),
  },
};
