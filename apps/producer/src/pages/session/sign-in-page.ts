import type { UserRow } from '@parcelpost/shared/db/services/users.js';
import type { PageContext } from '../context.js';
import { csrfField, type Html, html, page } from '../html.js';

/** The page to sign in at: sample users to pick from, if any; and a field for a token. `next` is where it leads. */
export function signInPage(
  context: PageContext,
  { next, samples, fault }: { next: string; samples: UserRow[]; fault?: string },
): Html {
  const pick = samples.map(
    (user) => html`<li><button name="user" value="${user.username}">${user.name}</button> ${user.username}</li>`,
  );
  const hidden = html`${csrfField(context)}<input type="hidden" name="next" value="${next}">`;
  return page(context, {
    title: 'Sign in',
    body: html`${fault !== undefined && html`<p class="fault" role="alert">${fault}</p>`}
${
  samples.length > 0 &&
  html`<section><h2>As a sample user</h2><form method="post" action="/sign-in">${hidden}<ul class="plain">${pick}</ul></form></section>`
}
<section><h2>With a token</h2>
<form method="post" action="/sign-in">${hidden}
<label>Token <input name="token" type="password" autocomplete="off" required></label> <button>Sign in</button>
</form></section>`,
  });
}
