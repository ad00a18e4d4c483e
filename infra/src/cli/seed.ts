/**
 * `npm run seed`: writes the sample projects. `npm run seed -- --organization o --project p --parcels N`: a made-up
 * project of that many parcels. Into the database of `DATABASE_URL`, else the embedded one.
 */
import { parseArgs } from 'node:util';
import { seedGenerated } from '../samples/generated.js';
import { seedSamples } from '../samples/seed-samples.js';
import { runCommand } from './command.js';
import { localStorage, openLocalDatabase } from './local.js';

const USAGE = 'Usage: npm run seed [-- --organization <slug> --project <slug> --parcels <number>]';
const SLUG = /^[a-z0-9]+([-_][a-z0-9]+)*$/;

await runCommand(async (context) => {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { organization: text, project: text, parcels: text } });
  const { organization, project } = values;
  const any = Object.keys(values).length > 0;
  const parcels = Number(values.parcels);
  if (any && !(organization && project && Number.isInteger(parcels) && parcels > 0)) throw new Error(USAGE);
  for (const slug of [organization, project]) {
    if (slug && !SLUG.test(slug))
      throw new Error(`"${slug}" is no slug: lower-case letters, digits, and - or _ between them\n${USAGE}`);
  }

  const { databaseUrls } = await openLocalDatabase(context, (line) => console.log(`· ${line}`));
  if (!organization || !project) {
    const made = await seedSamples(databaseUrls.owner, localStorage());
    console.log(made.length > 0 ? `wrote ${made.join(', ')}` : 'the sample projects are there');
    return 0;
  }
  const begun = Date.now();
  const wanted = { organization, project, parcels };
  const made = await seedGenerated(databaseUrls.owner, wanted, (line) => console.log(`· ${line}`));
  const seconds = Math.round((Date.now() - begun) / 1000);
  console.log(
    made ? `wrote ${organization}/${project} in ${seconds} s` : `${organization}/${project} was there already`,
  );
  return 0;
});
