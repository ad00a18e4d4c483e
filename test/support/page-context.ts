import type { PageContext } from '../../apps/producer/src/pages/context.js';

/** The context of a page of Ana's, in English, on the first of March 2026 at noon. */
export function testContext(changes: Partial<PageContext> = {}): PageContext {
  return {
    language: 'en',
    dir: 'ltr',
    user: { id: 'a7a', username: 'ana', name: 'Ana Álvarez', email: 'ana@example.org', language: 'en' },
    csrf: 'token-of-the-form',
    path: '/exports',
    now: new Date('2026-03-01T12:00:00Z'),
    ...changes,
  };
}
