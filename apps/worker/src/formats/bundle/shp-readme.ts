/** shp_readme.txt: why there is a shapefile for each geometry type, which exist, how to join them to the CSVs. */
import { FAMILIES, type Family } from '../shapefile/shape.js';
import { isTable } from './guides.js';
import { type BundleInfo, familyOf } from './info.js';
import { speakerOf } from './languages/languages.js';
import type { Speaker } from './languages/speaker.js';
import { shapefileColumns } from './shp-columns.js';
import { definitions, heading, textFile, wrap } from './text.js';
import { warningLines } from './told-warnings.js';

/** In the language of the bundle, with the names of the files that are there. */
export function renderShpReadme(info: BundleInfo): string {
  const speaker = speakerOf(info.language);
  const say: Speaker['say'] = (key, values) => speaker.say(key, values);
  const { project, organization, files, asked } = info;
  const shapefiles = files.filter((file) => familyOf(file.name));
  const present = new Set(shapefiles.map((file) => familyOf(file.name)));
  const absent = FAMILIES.filter((family) => !present.has(family));
  const lacking = info.missing.parts.some(({ step }) => step === 'locations' || step?.startsWith('shapefiles.'));
  const paragraphs = (...texts: string[]) => texts.flatMap((text) => wrap('', text, 0));
  return textFile([
    ...wrap('', say('shpTitle', { project: project.name, organization: organization.name }), 0),
    ...heading(say('whySeveral')),
    ...paragraphs(say('shpWhy')),
    ...heading(say('which')),
    ...definitions([
      ...shapefiles.map(({ name, rows }) => {
        const locations = say('countLocations', { count: rows ?? 0 });
        return [name, say('shpIsThere', { locations, shapes: say(familyOf(name) as Family) })] as const;
      }),
      ...absent.map(
        (family) =>
          [
            say('shpAbsent', { family }),
            say(lacking ? 'shpHereAreNone' : 'shpProjectHasNone', { shapes: say(family) }),
          ] as const,
      ),
    ]),
    '',
    ...(lacking ? paragraphs(say('shpLacking', { heading: say('missing') })) : []),
    ...paragraphs(say('shpParts'), say('shpHeights')),
    ...heading(say('howToJoin')),
    ...(files.some(isTable)
      ? joinGuide(asked.shapefileAttributes ?? false, speaker, shapefiles[0]?.name)
      : paragraphs(say('shpNoTables'))),
    ...shapefileColumns(info, speaker),
    ...heading(say(asked.shapefileAttributes ? 'shpChanged' : 'shpLeftOut')),
    ...warningLines(
      info.warnings.filter((warning) => warning.code.startsWith('shapefile-')),
      info,
      say(lacking ? 'shpNoneOfThese' : 'shpAllThere'),
      speaker,
    ),
  ]);
}

function joinGuide(attributes: boolean, speaker: Speaker, shapefile = 'polygons.shp'): string[] {
  const layer = shapefile.replace(/\.shp$/, '');
  const texts = [attributes ? 'joinAll' : 'joinTwo', 'joinById', 'joinQgis', 'joinGdal'] as const;
  return [
    ...texts.flatMap((text) => wrap('', speaker.say(text), 0)),
    `    ogr2ogr joined.gpkg ${layer}.shp -dialect SQLite -sql "SELECT a.*, b.*`,
    `      FROM ${layer} a JOIN 'locations.csv'.locations b ON a.id = b.id"`,
  ];
}
