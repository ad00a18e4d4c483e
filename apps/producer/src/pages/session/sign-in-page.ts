/** Pages to sign in at, and after having signed out. */
import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import type { PageContext } from '../context.js';
import { csrfField, type Html, html, page } from '../html.js';
import { fill } from '../intl.js';
import { SESSION, type SessionWords } from '../words/session.js';

/** What went wrong, by its words. */
export type Fault = keyof Pick<
  SessionWords,
  'wrongToken' | 'wrongUser' | 'away' | 'refused' | 'lost' | 'unknown' | 'no-email' | 'email-taken'
>;

export interface SignIn {
  /** Where it leads. */
  next: string;
  /** Sample users to pick from, if any. */
  samples: readonly UserRow[];
  /** What people call the provider, where there is one. */
  provider: string | undefined;
  /** Whether a session was over just now. */
  ended?: boolean;
  fault?: Fault;
}

/** The page to sign in at: by the provider, as a sample user, or with a token, whichever there is. */
export function signInPage(context: PageContext, { next, samples, provider, ended = false, fault }: SignIn): Html {
  const words = SESSION[context.language];
  const name = provider ?? '';
  const hidden = html`${csrfField(context)}<input type="hidden" name="next" value="${next}">`;
  const pick = samples.map(
    (user) => html`<li><button name="user" value="${user.username}">${user.name}</button> ${user.username}</li>`,
  );
  const token = html`<form method="post" action="/sign-in">${hidden}
<div class="field"><label for="token">${words.token}</label>
<input id="token" name="token" type="password" autocomplete="off" required aria-describedby="token-hint">
<p class="hint" id="token-hint">${words.tokenHint}</p></div>
<p><button class="primary">${words.title}</button></p>
</form>`;
  const alone = provider === undefined && samples.length === 0;
  return page(context, {
    title: words.title,
    body: html`${fault && html`<p class="notice error" role="alert">${fill(words[fault], { name })}</p>`}
${ended && !fault ? html`<p class="notice info" role="status">${words.ended}</p>` : html`<p>${words.intro}</p>`}
${
  provider !== undefined &&
  html`<p><a class="button primary" href="/sign-in/provider?next=${encodeURIComponent(next)}" rel="nofollow">${fill(words.withProvider, { name })}</a></p>`
}
${
  samples.length > 0 &&
  html`<section class="card narrow"><h2>${words.asSample}</h2><p class="muted">${words.sampleHint}</p>
<form method="post" action="/sign-in">${hidden}<ul class="plain">${pick}</ul></form></section>`
}
${
  alone
    ? html`<section class="card narrow"><h2>${words.withToken}</h2>${token}</section>`
    : html`<details${fault === 'wrongToken' && html` open`}><summary>${words.withToken}</summary>${token}</details>`
}`,
  });
}

/** What is seen after having signed out. `there`: where to sign out of the provider too. */
export function signedOutPage(context: PageContext, there: { name: string; url: URL } | undefined): Html {
  const words = SESSION[context.language];
  return page(context, {
    title: words.signedOut,
    body: html`<p>${words.signedOutBody}</p>
${
  there &&
  html`<p><a href="${there.url.href}">${fill(words.signOutThere, { name: there.name })}</a>. ${words.signOutThereHint}</p>`
}
<p><a class="button" href="/sign-in">${words.again}</a></p>`,
  });
}
