/** HTML by template literals: every value is escaped, unless it is HTML made here. And the frame of every page. */
import { escapeHtml } from '@parcelpost/shared/escape-html.js';
import { LANGUAGES } from '@parcelpost/shared/languages.js';
import type { FastifyReply } from 'fastify';
import { assetUrl } from './assets.js';
import type { PageContext } from './context.js';
import { CSRF_FIELD } from './csrf.js';
import { COMMON, type CommonWords } from './words/common.js';

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

/** What a page shows in its frame. */
export interface PageContent {
  title: string;
  body: Html;
  /** Stands in the place of the title as the heading; it begins with an `h1`. */
  heading?: Html;
  /** The pages above this one, from the top down. */
  above?: readonly { text: string; href: string }[];
  /** Seconds after which a browser without scripts asks again; with them too, where the page has none of its own. */
  refresh?: number;
  /** Whether a browser without scripts is given a link to look again: by itself it would empty the fields of this page. */
  lookAgain?: boolean;
  /** Names of browser scripts (`export.js`), each a module. */
  scripts?: readonly string[];
}

/** A whole page. */
export function page(context: PageContext, content: PageContent): Html {
  const { title, body, refresh, lookAgain, scripts = [] } = content;
  const words = COMMON[context.language];
  const looksAgain = refresh !== undefined && scripts.length === 0;
  return html`<!doctype html>
<html lang="${context.language}" dir="${context.dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refresh !== undefined && html`<noscript><meta http-equiv="refresh" content="${refresh}"></noscript>`}
<title>${title} · Parcelpost</title>
<link rel="stylesheet" href="${assetUrl('style.css')}">
<link rel="icon" href="${assetUrl('icon.svg')}" type="image/svg+xml">
${['page.js', ...scripts].map((name) => html`<script type="module" src="${assetUrl(name)}"></script>\n`)}</head>
<body>
<a class="skip" href="#main">${words.skip}</a>
${header(context, words)}
<main id="main"${looksAgain && html` data-refresh="${refresh}"`}>
${above(content, words)}
${content.heading ?? html`<h1>${title}</h1>`}
${lookAgain && html`<noscript><p><a class="button" href="${context.path}">${words.lookAgain}</a></p></noscript>`}
${body}
</main>
<footer class="site-footer"><p>Parcelpost · ${words.footer}</p>
<p><a href="/openapi.json">${words.apiDocument}</a> <a href="/problems">${words.problemTypes}</a></p></footer>
</body>
</html>
`;
}

/** The hidden field without which no form is taken. */
export function csrfField(context: PageContext): Html {
  return html`<input type="hidden" name="${CSRF_FIELD}" value="${context.csrf}">`;
}

function header(context: PageContext, words: CommonWords): Html {
  const { user } = context;
  const account = user
    ? html`<details class="menu" name="site-menu"><summary><span class="visually-hidden">${words.account}: </span>${user.name}</summary>
<form method="post" action="/sign-out">${csrfField(context)}<p class="small">${user.username}</p><button>${words.signOut}</button></form></details>`
    : html`<a href="${signInAt(context.path)}">${words.signIn}</a>`;
  return html`<header class="site-header">
<a class="brand" href="/"><img src="${assetUrl('icon.svg')}" alt="" width="24" height="24">Parcelpost</a>
${user && html`<nav aria-label="${words.menu}"><a href="/projects"${current(context, '/projects')}>${words.projects}</a> <a href="/exports"${current(context, '/exports')}>${words.exports}</a></nav>`}
<div class="site-tools">${languages(context, words)}${account}</div>
</header>`;
}

/** Where one signs in, and comes back from; not to the pages of signing in and out. */
function signInAt(path: string): string {
  return /^\/sign(-in|ed-out)\b/.test(path) ? '/sign-in' : `/sign-in?next=${encodeURIComponent(path)}`;
}

/** Marks the entry of a menu under which the page is. */
function current({ path }: PageContext, href: string): Html | false {
  return (path === href || path.startsWith(`${href}/`) || path.startsWith(`${href}?`)) && html` aria-current="true"`;
}

/** To change the language is to change what the browser keeps: a form, not links. */
function languages(context: PageContext, words: CommonWords): Html {
  const choices = Object.entries(LANGUAGES).map(
    ([tag, name]) =>
      html`<button name="language" value="${tag}" lang="${tag}"${tag === context.language && html` aria-current="true"`}>${name}</button>`,
  );
  return html`<details class="menu" name="site-menu"><summary><span class="visually-hidden">${words.language}: </span>${LANGUAGES[context.language]}</summary>
<form method="post" action="/language">${csrfField(context)}<input type="hidden" name="next" value="${context.path}">${choices}</form></details>`;
}

function above({ above = [], title }: PageContent, words: CommonWords): Html | false {
  if (above.length === 0) return false;
  const steps = above.map(({ text, href }) => html`<li><a href="${href}">${text}</a></li>`);
  return html`<nav class="breadcrumb" aria-label="${words.breadcrumb}"><ol>${steps}<li aria-current="page">${title}</li></ol></nav>`;
}

/** Answers with a page that no cache keeps. */
export function sendPage(reply: FastifyReply, content: Html, status = 200): FastifyReply {
  reply.server.pageContexts.keepVisitor(reply);
  return reply
    .code(status)
    .headers({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    .send(content.text);
}
