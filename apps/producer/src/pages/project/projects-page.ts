import type { ListedProject } from '@parcelpost/shared/db/services/project-directory.js';
import type { PageContext } from '../context.js';
import { type Html, html, page } from '../html.js';
import { fill, speech } from '../intl.js';
import { PROJECT } from '../words/project.js';
import { countsText } from './counts.js';
import { projectHref } from './view.js';

/** Of a project of another platform nothing is known but its names. */
type Listed = Pick<ListedProject, 'slug' | 'name' | 'organization'> & Partial<ListedProject>;

export interface ProjectsPage {
  /** By organization and slug. */
  projects: readonly Listed[];
  search: string;
  /** Whether these are not the first. */
  later: boolean;
  /** The address of those that follow, if any do. */
  next: string | undefined;
  /** Whether there are so many that it takes a search. */
  searchable: boolean;
}

/** The projects that somebody may see, by organization. */
export function projectsPage(context: PageContext, { projects, search, later, next, searchable }: ProjectsPage): Html {
  const words = PROJECT[context.language];
  const groups = new Map<string, Listed[]>();
  for (const project of projects) {
    const { slug } = project.organization;
    groups.set(slug, [...(groups.get(slug) ?? []), project]);
  }
  const sections = [...groups.values()].map(
    (group) => html`<section><h2>${group[0]?.organization.name}</h2>
<ul class="plain project-list">${group.map((project) => entry(context, project))}</ul></section>`,
  );
  const nothing = search === '' ? words.noProjects : fill(words.noneFound, { text: search });
  return page(context, {
    title: words.projects,
    body: html`${
      (searchable || search !== '') &&
      html`<form method="get" action="/projects" role="search" class="project-search">
<label for="search" class="visually-hidden">${words.search}</label>
<input id="search" type="search" name="q" value="${search}" placeholder="${words.search}" maxlength="200">
<button>${words.searchButton}</button></form>`
    }
${sections.length > 0 ? sections : html`<p>${nothing}</p>`}
<p class="actions">${later && html`<a href="/projects${search && `?q=${encodeURIComponent(search)}`}">${words.fromTheStart}</a>`}
${next !== undefined && html`<a href="${next}">${words.more}</a>`}</p>`,
  });
}

function entry(context: PageContext, project: Listed): Html {
  const words = PROJECT[context.language];
  const { organization, slug, name, archived, counts, isMember } = project;
  const notes = [archived === true && words.archived, isMember === false && words.open].filter(
    (note) => note !== false,
  );
  return html`<li><a href="${projectHref(organization.slug, slug)}">${name}</a>
${notes.map((note) => html` <span class="state">${note}</span>`)}
${counts && html`<br><span class="small">${speech(context.language).list(countsText(counts, context.language))}</span>`}</li>`;
}
