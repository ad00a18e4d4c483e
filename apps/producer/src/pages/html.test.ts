import { expect, it } from 'vitest';
import { testContext } from '../../../../test/support/page-context.js';
import { html, page } from './html.js';

it('escapes every value, in text and in attributes', () => {
  const evil = `<script>alert("1")</script> & 'x'`;
  expect(html`<p title="${evil}">${evil}</p>`.text).toBe(
    '<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;">' +
      '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;</p>',
  );
});

it('takes HTML made here as it is, joins lists, and leaves out what is not there', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);
  expect(html`<ul>${items}${null}${undefined}${false}${0}</ul>`.text).toBe('<ul><li>a</li><li>&lt;b&gt;</li>0</ul>');
});

it('a text that looks like an escape sequence stays as it is', () => {
  expect(html`${'\\n $1 &amp;'}`.text).toBe('\\n $1 &amp;amp;');
});

it('a page asks again only if told to', () => {
  expect(page(testContext(), { title: 'T', body: html`b` }).text).not.toContain('refresh');
  expect(page(testContext(), { title: 'T', body: html`b`, refresh: 2 }).text).toContain(
    '<meta http-equiv="refresh" content="2">',
  );
});
