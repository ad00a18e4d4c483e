/** What is answered where something is wrong: a page to whoever reads pages, a problem document (RFC 9457) to all others. */
import type { ProblemError } from '@parcelpost/shared/errors.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readProblem, sendProblem } from '../problems.js';
import { type PageContext, pageContext } from './context.js';
import { type Html, html, page, sendPage } from './html.js';
import { fill, speech } from './intl.js';
import { wantsHtml } from './negotiate.js';
import { COMMON } from './words/common.js';
import { ERRORS } from './words/errors.js';

/** Answers with the error, as the request likes to have it. */
export async function sendError(
  publicUrl: string,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const vary = reply.getHeader('vary');
  reply.header('vary', vary === undefined ? 'accept' : `${vary}, accept`);
  if (!wantsHtml(request.headers.accept)) return sendProblem(publicUrl, error, request, reply);
  const answer = readProblem(error, request);
  const context = await contextFor(answer, request);
  reply.headers(answer.headers);
  return sendPage(reply, errorPage(context, answer, request.id), answer.status);
}

/** Where something is away, nothing more is asked of it. */
async function contextFor({ status }: ProblemError, request: FastifyRequest): Promise<PageContext> {
  const { pageContexts } = request.server;
  if (status >= 500) return pageContexts.anonymous(request);
  return pageContext(request).catch(() => pageContexts.anonymous(request));
}

/** The page. The words are the reader's; the detail is the problem's own, in English. */
export function errorPage(context: PageContext, problem: ProblemError, requestId: string): Html {
  const { told, ...words } = ERRORS[context.language];
  const { title, body } = wordsOf(told, problem);
  const seconds = Number(problem.headers['retry-after']);
  return page(context, {
    title,
    body: html`<div class="notice ${problem.status >= 500 ? 'error' : 'warning'}" role="alert"><p>${body}</p>
${seconds > 0 && html`<p>${fill(words.retry, { time: speech(context.language).duration(seconds * 1000) })}</p>`}</div>
<p class="actions">${
      problem.status === 401 &&
      html`<a class="button primary" href="/sign-in?next=${encodeURIComponent(context.path)}">${COMMON[context.language].signIn}</a>`
    }
<a class="button" href="/">${words.start}</a></p>
<details><summary>${words.details}</summary>
<p lang="en" dir="ltr">${problem.message}</p>
<p class="small">${words.reference}: <code>${requestId}</code> · <a href="/problems/${problem.type}"><code>${problem.type}</code></a></p></details>`,
  });
}

/** By the problem's type, else by its status, else by its kind of status. */
function wordsOf(told: (typeof ERRORS)['en']['told'], { type, status }: ProblemError): { title: string; body: string } {
  const known: Readonly<Record<string, { title: string; body: string }>> = told;
  return known[type] ?? known[status] ?? (status >= 500 ? told[500] : told.other);
}
