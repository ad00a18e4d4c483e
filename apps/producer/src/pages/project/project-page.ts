import type { SignedInContext } from '../context.js';
import { type Html, html, page } from '../html.js';
import { PROJECT } from '../words/project.js';
import { countsText } from './counts.js';
import { exportForm } from './form-html.js';
import { mapFigure } from './map-html.js';
import { recentTable } from './recent-html.js';
import { type ProjectPage, projectHref } from './view.js';

/** How often the page looks again while something runs, where there is no script, in seconds. */
const REFRESH_SECONDS = 5;

/** One project: what it holds, where it lies, the form to export it, and who has of late. */
export function projectPage(context: SignedInContext, { project, map, form, recent, queueAway }: ProjectPage): Html {
  const words = PROJECT[context.language];
  const { organization, slug, name, standing, about } = project;
  const href = projectHref(organization.slug, slug);
  const running = recent?.some(({ detail: { state } }) => state === 'waiting' || state === 'running') ?? false;
  const counts = about && countsText(about.counts, context.language);
  const aside = !form && (standing.isMember ? words.isArchived : words.notMember);
  return page(context, {
    title: name,
    above: [{ text: words.projects, href: '/projects' }],
    scripts: ['project.js'],
    // What somebody has filled in is not to vanish.
    ...(running && (form ? { lookAgain: true } : { refresh: REFRESH_SECONDS })),
    heading: html`<p class="eyebrow">${organization.name}</p><h1>${name}${standing.archived && html` <span class="state">${words.archived}</span>`}</h1>`,
    body: html`${about?.description && html`<p>${about.description}</p>`}
${counts && html`<ul class="counts">${counts.map((text) => html`<li>${text}</li>`)}</ul>`}
${queueAway && html`<p class="notice warning" role="status">${words.queueAway}</p>`}
<div class="project-columns">
${map && html`<section class="project-place" aria-labelledby="map-heading"><h2 id="map-heading">${words.map}</h2>${mapFigure(context, map, about?.counts.locations ?? 0)}</section>`}
<section class="project-form" aria-labelledby="form-heading"><h2 id="form-heading">${words.exportHeading}</h2>
${form ? exportForm(context, `${href}/exports`, form) : html`<p class="notice info">${aside}</p>`}</section>
</div>
${
  recent &&
  html`<section aria-labelledby="recent-heading"><h2 id="recent-heading">${words.recent}</h2>
<parcelpost-export project="${organization.slug}/${slug}" view="recent" session csrf="${context.csrf}" language="${context.language}">${recentTable(context, recent)}</parcelpost-export></section>`
}`,
  });
}
