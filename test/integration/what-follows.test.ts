/** What receivers get after an export, all the way from the request: mails, webhooks, and tasks of one's own. */
import { type ParsedMail, simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HookBody } from '../support/hook-endpoint.js';
import { type PlatformStack, startPlatformStack } from '../support/platform-stack.js';
import { ROOT } from '../support/root.js';

const TASKS = { TASKS_MODULE: `${ROOT}docs/examples/own-tasks.mjs` };

describe('what follows an export', () => {
  let stack: PlatformStack;
  beforeAll(async () => {
    const chat = { CHAT_WEBHOOK_URL: '' };
    stack = await startPlatformStack({ parcels: 40 }, { engine: 'redis', workers: 0, producerEnv: TASKS });
    chat.CHAT_WEBHOOK_URL = stack.hooks.url('/chat');
    await stack.startWorker({ ...TASKS, ...chat });
    stack.hooks.answer('/gone', { status: 410 });
  });
  afterAll(() => stack?.stop());

  const hook = (path: string) => ({ task: 'webhook.post', args: { url: stack.hooks.url(path) } });
  const email = { task: 'msg.email', args: { to: 'ana@example.org' } };
  const mailAbout = async (id: string): Promise<ParsedMail> =>
    simpleParser((await stack.smtp.waitForMail(({ raw }) => raw.includes(id))).raw);
  const bodiesTo = (path: string, id: string): HookBody[] =>
    stack.hooks
      .calls(id)
      .filter((call) => call.path === path)
      .map(({ body }) => body);

  it('a chain through tasks of one’s own hands each what the one before it left', async () => {
    const number = { task: 'register.number', args: { register: 'A' } };
    const { id } = await stack.ask('own-tasks', {
      onSuccess: [
        { chain: [number, hook('/numbered')] },
        { chain: [number, { task: 'chat.say', args: { channel: 'land-office' } }] },
      ],
      onFailure: [],
    });
    const { followUps } = await stack.settled(id);
    expect(followUps.map(({ state }) => state)).toEqual(Array(followUps.length).fill('done'));
    const value = { number: `A/2026/${id.slice(0, 8)}` };
    expect(bodiesTo('/numbered', id)).toMatchObject([
      { type: 'export.completed', data: { exportId: id, outcome: 'completed', input: value } },
    ]);
    const said = stack.hooks.calls().filter(({ path }) => path === '/chat');
    expect(said.map(({ body }) => body)).toEqual([
      expect.objectContaining({ channel: 'land-office', text: expect.stringContaining(JSON.stringify(value)) }),
    ]);
  });

  it('arguments that a task of one’s own does not take are refused with the request', async () => {
    const onSuccess = [{ task: 'chat.say', args: { channel: 'Land Office' } }];
    await expect(stack.ask('own-tasks-wrong', { onSuccess })).rejects.toThrow(
      /422.*\/onSuccess\/0\/args\/channel.*must be a channel such as land-office/s,
    );
  });

  it('a follow-up that failed is told by webhook and mail, with the export that it belongs to', async () => {
    const { id } = await stack.ask('fault', {
      onSuccess: [{ ...hook('/gone'), onFailure: [hook('/fault'), email] }],
    });
    const { followUps, outcome } = await stack.settled(id);
    expect(outcome).toBe('completed');
    const failed = followUps.find(({ state }) => state === 'failed');
    const [body] = bodiesTo('/fault', id);
    expect(body).toMatchObject({
      type: 'follow_up.failed',
      data: {
        fault: {
          code: 'webhook-gone',
          step: 'webhook.post',
          followUpId: failed?.id,
          place: 'onSuccess/0',
          attempts: 1,
        },
        export: { exportId: id, outcome: 'completed' },
      },
    });
    expect(new Date(body?.timestamp ?? '').toISOString()).toBe(body?.timestamp);
    expect(Math.abs(Date.parse(body?.timestamp ?? '') - Date.now())).toBeLessThan(60_000);
    const mail = await mailAbout(id);
    expect(mail.subject).toMatch(/^A follow-up of the export of .+ failed$/);
    for (const said of ['webhook.post', '410', 'onSuccess/0', failed?.id, 'what it was: ready']) {
      expect(mail.text).toContain(said);
    }
  });

  it('an immutable follow-up tells that the export has ended, and no more', async () => {
    const { id } = await stack.ask('immutable', {
      onSuccess: [
        { ...hook('/ended'), immutable: true },
        { ...email, immutable: true },
      ],
    });
    await stack.settled(id);
    expect(bodiesTo('/ended', id)).toEqual([
      { type: 'export.ended', timestamp: expect.any(String), data: { exportId: id } },
    ]);
    const mail = await mailAbout(id);
    expect(mail.subject).toMatch(/has ended$/);
    expect(mail.text).not.toMatch(/ready|\.zip|SHA-256/);
  });

  it('a bundle that lacks a part says so by an event of its own, and the mail names the part and why', async () => {
    await stack.platform.configure({ faults: [{ match: '/partial/parties/', from: 2, status: 403 }] });
    const { id } = await stack.ask('partial', { allowPartial: true, onSuccess: [hook('/partial'), email] });
    const { outcome } = await stack.settled(id);
    expect(outcome).toBe('partial');
    const [body] = bodiesTo('/partial', id);
    expect(body).toMatchObject({ type: 'export.partial', data: { outcome: 'partial' } });
    const missing = (body as HookBody & { type: 'export.partial' }).data.missing;
    expect(missing).toMatchObject([{ step: 'parties', shard: 0 }]);
    const mail = await mailAbout(id);
    expect(mail.subject).toMatch(/ is ready, but not whole$/);
    expect(mail.text).toContain('What is missing');
    expect(mail.text?.replaceAll(/\s+/g, ' ')).toContain(
      `parties, part 1 (${missing[0]?.rowsExpected} records): ${missing[0]?.message}`,
    );
  });

  it('a cancelled export says so by an event of its own, and the mail tells who cancelled it', async () => {
    await stack.platform.configure({ faults: [{ match: '/cancelled/parties/', break: 'hold' }] });
    await stack.platform.forget();
    const { id } = await stack.ask('cancelled', { onFailure: [hook('/cancelled'), email] });
    await stack.platform.waitForRequests('/cancelled/parties/', 1);
    expect((await stack.api.fetch(`/api/v1/exports/${id}`, { method: 'DELETE' })).status).toBe(202);
    const { outcome } = await stack.settled(id);
    expect(outcome).toBe('cancelled');
    const message = expect.stringMatching(/^Cancelled by Ana/);
    expect(bodiesTo('/cancelled', id)).toMatchObject([
      { type: 'export.cancelled', data: { outcome: 'cancelled', failure: { code: 'cancelled', message } } },
    ]);
    const mail = await mailAbout(id);
    expect(mail.subject).toMatch(/ was cancelled$/);
    expect(mail.text).toContain('Cancelled by Ana');
  });
});
