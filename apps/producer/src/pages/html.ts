/** HTML by template literals: every value is escaped, unless it is HTML made here. */
import { escapeHtml } from '@parcelpost/shared/escape-html.js';
import type { FastifyReply } from 'fastify';

/** Text that is HTML already. Made by {@link html} alone. */
export class Html {
  constructor(readonly text: string) {}
}

type Value = string | number | Html | null | undefined | false | readonly Value[];

function escaped(value: Value): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(escaped).join('');
  return escapeHtml(String(value));
}

/** Template tag: values are escaped for text and for quoted attributes; lists are joined; null and false vanish. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(String.raw({ raw: parts }, ...values.map(escaped)));
}

/** A whole page. `refresh`: seconds after which the browser asks again. */
export function page(content: { title: string; body: Html; user?: string | undefined; refresh?: number }): Html {
  const { title, body, user, refresh } = content;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${refresh !== undefined && html`<meta http-equiv="refresh" content="${refresh}">`}
<title>${title} · Parcelpost</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header><a href="/exports">Parcelpost</a>${
    user !== undefined && html`<form method="post" action="/sign-out">${user} <button>Sign out</button></form>`
  }</header>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
}

/** Answers with a page that no cache keeps. */
export function sendPage(reply: FastifyReply, content: Html, status = 200): FastifyReply {
  return reply
    .code(status)
    .headers({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    .send(content.text);
}
