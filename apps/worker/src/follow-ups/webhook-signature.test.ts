import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { webhookHeaders, webhookKey } from './webhook-signature.js';

describe('webhooks are signed as Standard Webhooks says', () => {
  // The example that Standard Webhooks' own libraries are tested with.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  const body = '{"test": 2432232314}';

  it('the published example comes out', () => {
    expect(webhookHeaders(id, new Date(1_614_265_330_999), body, [webhookKey(secret)])).toEqual({
      'webhook-id': id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('a secret without whsec_ is taken as text', () => {
    const expected = createHmac('sha256', 'a secret of more than 24 characters')
      .update(`${id}.0.${body}`)
      .digest('base64');
    const headers = webhookHeaders(id, new Date(0), body, [webhookKey('a secret of more than 24 characters')]);
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  });

  it('with several secrets each of them signs, so that receivers can change from one to the next', () => {
    const [old, next] = [webhookKey(secret), webhookKey('the secret after it, also of text')];
    const signatures = (keys: Buffer[]) => webhookHeaders(id, new Date(0), body, keys)['webhook-signature'];
    expect(signatures([next, old])).toBe(`${signatures([next])} ${signatures([old])}`);
  });

  it('without a secret nothing claims to be signed', () => {
    expect(Object.keys(webhookHeaders(id, new Date(), body, []))).toEqual(['webhook-id', 'webhook-timestamp']);
  });

  it.each([
    'whsec_',
    'whsec_short',
    `whsec_${Buffer.alloc(23).toString('base64')}`,
    'whsec_not base64 at all, whatever its length',
  ])('refuses %s, naming the variable', (wrong) => {
    expect(() => webhookKey(wrong)).toThrow(/WEBHOOK_SECRET is wrong/);
  });
});
