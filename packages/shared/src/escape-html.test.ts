import { expect, it } from 'vitest';
import { escapeHtml } from './escape-html.js';

it('nothing in a text can end an element, an attribute or an entity', () => {
  expect(escapeHtml(`<a href="x" title='y'>&amp; $& \\1 ü</a>`)).toBe(
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp; $&amp; \\1 ü&lt;/a&gt;',
  );
});
