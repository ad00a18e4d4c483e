/** README.txt: what the files are, for people who know nothing of where they come from, in their language. */
import type { Column } from '../csv/columns.js';
import { formatGuides, geometryGuide } from './guides.js';
import { type BundleFile, type BundleInfo, familyOf } from './info.js';
import { speakerOf } from './languages/languages.js';
import type { Speaker } from './languages/speaker.js';
import { missingNotice, missingSection } from './missing.js';
import { definitions, heading, moment, oneLine, textFile, wrap } from './text.js';
import { warningLines } from './told-warnings.js';

/** Warnings of missing parts; README.txt tells of these elsewhere, and each by itself. */
const MISSING_CODES = new Set(['records-missing', 'file-missing']);

/** What is missing, project and organization, what was asked, counts per file, how to read them, columns, warnings. */
export function renderReadme(info: BundleInfo): string {
  const { project, organization, software, files } = info;
  const speaker = speakerOf(info.language);
  const { say } = bound(speaker);
  const plain = { ...info, files: ownFiles(files) };
  const guides = [
    ...formatGuides(plain, speaker),
    say('geometries'),
    ...(files.some((file) => familyOf(file.name)) ? [say('seeShapefiles')] : []),
  ];
  return textFile([
    ...wrap('', say('title', { project: project.name, organization: organization.name }), 0),
    '',
    ...missingNotice(info, speaker),
    ...wrap('', say('source', { software: `${software.name} ${software.version}` }), 0),
    ...heading(say('thisExport')),
    ...definitions([
      [say('project'), `${project.name} (${project.slug})`],
      ...(oneLine(project.description) === '' ? [] : [[say('description'), project.description] as const]),
      ...(oneLine(project.country) === '' ? [] : [[say('country'), project.country] as const]),
      [say('organization'), `${organization.name} (${organization.slug})`],
      [say('askedFor'), `${info.asked.outputType} (${info.asked.formats.join(', ')})`],
      [say('read'), say(info.consistent ? 'readAtOnce' : 'readByPage')],
      ...provenance(info, speaker),
    ]),
    ...missingSection(info, speaker),
    ...heading(say('files')),
    ...definitions([
      ...fileList(files, speaker),
      ['README.txt', say('fileReadme')],
      ['manifest.json', say('fileManifest')],
    ]),
    ...heading(say('howToRead')),
    ...guides.flatMap((text) => wrap('', text, 0)),
    ...geometryGuide(plain, speaker),
    ...columnSection(files, speaker),
    ...heading(say('warnings')),
    ...warningLines(
      info.warnings.filter(({ code }) => !MISSING_CODES.has(code)),
      plain,
      say(info.missing.parts.length > 0 ? 'warningsNoneElse' : 'warningsNone'),
      speaker,
    ),
  ]);
}

const bound = (speaker: Speaker) => ({ say: speaker.say.bind(speaker) });

function provenance({ provenance }: BundleInfo, speaker: Speaker): [string, string][] {
  if (!provenance) return [];
  return [
    [speaker.say('askedBy'), provenance.requestedBy.name],
    [speaker.say('askedAt'), moment(provenance.requestedAt)],
    [speaker.say('export'), provenance.exportId],
    [speaker.say('bundle'), provenance.bundle],
  ];
}

/** Those that we have written, by the names that they have in their folders. */
function ownFiles(files: readonly BundleFile[]): BundleFile[] {
  return files
    .filter(({ resource }) => resource === undefined)
    .map((file) => ({ ...file, name: file.name.slice(file.name.lastIndexOf('/') + 1) }));
}

/** Resource files that are listed one by one; all are in resources.xlsx, and in the manifest. */
const MOST_LISTED = 50;

function fileList(files: readonly BundleFile[], speaker: Speaker): (readonly [string, string])[] {
  const resources = files.filter(({ resource }) => resource !== undefined);
  const more = new Set(resources.slice(MOST_LISTED));
  const listed = files.filter((file) => !more.has(file)).map((file) => [file.name, counts(file, speaker)] as const);
  if (more.size === 0) return listed;
  return [...listed, ['…', speaker.say('countResources', { count: more.size })]];
}

function counts(file: BundleFile, speaker: Speaker): string {
  const bytes = speaker.say('countBytes', { count: file.bytes });
  return file.rows === null ? bytes : `${speaker.say('countRecords', { count: file.rows })}, ${bytes}`;
}

/** Files with the same columns share a list. */
function columnSection(files: readonly BundleFile[], speaker: Speaker): string[] {
  const tables = new Map<string, { names: string[]; columns: readonly Column[] }>();
  const described = files.flatMap(({ name, columns, tables = [] }) => [
    ...(columns ? [{ name, columns }] : []),
    ...tables.map((table) => ({ name: `${name} (${table.name})`, columns: table.columns })),
  ]);
  for (const { name, columns } of described) {
    const key = JSON.stringify(columns);
    const table = tables.get(key) ?? { names: [], columns };
    table.names.push(name);
    tables.set(key, table);
  }
  const sections = [...tables.values()].flatMap(({ names, columns }) => [
    '',
    ...wrap('', names.join(', '), 0),
    ...definitions(
      columns.map(({ name, label, type }) => [
        name,
        label === name ? `(${type})` : `${speaker.label(label)} (${type})`,
      ]),
    ),
  ]);
  return sections.length === 0 ? [] : [...heading(speaker.say('columns')), ...sections.slice(1)];
}
