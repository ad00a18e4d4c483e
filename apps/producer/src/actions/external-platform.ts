/** Another platform in the place of our own: it is asked for the project with the asker's token, and its answer decides. */
import { projectAddress } from '@parcelpost/shared/platform-client/links.js';
import { z } from 'zod';
import { problem } from '../problems.js';

const PATIENCE_MS = 10_000;
const MOST_BYTES = 1024 * 1024;

const answerSchema = z.object({
  name: z.string(),
  organization: z.object({ name: z.string() }).optional().catch(undefined),
});

/** What is noted of the project on the export's row. */
export interface ProjectNames {
  projectName: string;
  organizationName: string;
}

/**
 * Asks a platform for a project. The token goes to that platform and nowhere else: a redirect is not followed.
 * @param platformUrl its address, `PLATFORM_API_URL`
 * @throws {ProblemError} 401, 403 or 404 as the platform answered; 502 if it gave no usable answer
 */
export async function askPlatform(
  platformUrl: string,
  { organization, project, apiToken }: { organization: string; project: string; apiToken: string },
): Promise<ProjectNames> {
  const { origin, path } = projectAddress(platformUrl, organization, project);
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(path, origin), {
      headers: { authorization: `TmpToken ${apiToken}`, accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    text = await readLimited(response);
  } catch (cause) {
    throw unavailable('The platform could not be reached, or did not answer in time', cause);
  }
  const name = `${organization}/${project}`;
  switch (response.status) {
    case 200:
      break;
    case 401:
      throw problem('platform-token-refused', `The platform did not accept the apiToken for ${name}.`, {
        headers: { 'www-authenticate': 'TmpToken realm="platform", error="invalid_token"' },
      });
    case 403:
      throw problem('platform-permission-denied', `The platform does not open ${name} to this apiToken.`);
    case 404:
      throw problem('project-not-found', `The platform knows no project ${name}. Check both names.`);
    default:
      throw unavailable(`The platform answered with status ${response.status}`);
  }
  let answer: z.output<typeof answerSchema>;
  try {
    answer = answerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw unavailable('The platform answered something that is not a project', cause);
  }
  return { projectName: answer.name, organizationName: answer.organization?.name ?? organization };
}

function unavailable(what: string, cause?: unknown) {
  return problem('platform-unavailable', `${what}. Try again later.`, { cause });
}

async function readLimited(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw new Error(`the answer is larger than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
