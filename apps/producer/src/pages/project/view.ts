/** What the pages of projects are made of. */
import type { ProjectAbout } from '@parcelpost/shared/db/services/project-directory.js';
import type { ProjectAccess } from '@parcelpost/shared/db/services/projects.js';
import type { ExportDetail } from '../../actions/read-exports.js';
import type { MapData } from '../../map/map-data.js';
import type { Faults, FormValues } from './form.js';

/** A project as its page has it: of one of another platform, nothing is known but its names. */
export interface ShownProject {
  organization: { slug: string; name: string };
  slug: string;
  name: string;
  standing: Pick<ProjectAccess, 'archived' | 'isMember' | 'mayExport'>;
  about: ProjectAbout | undefined;
}

/** A recent export, and whether the reader may cancel it or try it again. */
export interface RecentExport {
  detail: ExportDetail;
  mayChange: boolean;
  /** Whether trying it again takes a token of another platform, for which the export's own page has a field. */
  needsToken: boolean;
}

/** The form as it is shown: with what was filled in, and what is wrong with it. */
export interface ShownForm {
  values: FormValues;
  /** By which a form that is sent twice is known again. */
  key: string;
  faults: Faults;
  /** What is wrong with the whole of it. */
  problem: string | undefined;
  /** Every format that can be asked for. */
  formats: readonly string[];
  /** Whether it takes a token of another platform. */
  needsToken: boolean;
  /** Where mails go. */
  address: string;
}

export interface ProjectPage {
  project: ShownProject;
  /** The map; without it, one that is being drawn, or none. */
  map: { href: string; data: MapData | undefined } | undefined;
  /** None for whoever may not export it. */
  form: ShownForm | undefined;
  /** None for whoever is no member. */
  recent: RecentExport[] | undefined;
  queueAway: boolean;
}

/** The address of a project's page, without a slash at its end. */
export const projectHref = (organization: string, project: string): string =>
  `/projects/${encodeURIComponent(organization)}/${encodeURIComponent(project)}`;
