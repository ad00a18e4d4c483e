/** `parcelpost export`: ask, watch, fetch. */
import { randomUUID } from 'node:crypto';
import { apiTokenOf } from '../api-token.js';
import { type Parsed, projectName } from '../arguments.js';
import type { Client } from '../client.js';
import type { Context } from '../context.js';
import { parseDuration } from '../duration.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { ExportView } from '../export-view.js';
import { requestBody, withFlags } from '../request-body.js';
import { placeOf } from '../target.js';
import { checkOutAndJson, exitOf, fetchBundle, tellEnd, watch } from '../watch.js';

export async function runExport(context: Context, parsed: Parsed): Promise<number> {
  const { output, underway, io } = context;
  const { organization, project } = projectName(parsed.operands[0]);
  checkOutAndJson(context);
  const timeout = parsed.text('timeout');
  if (timeout !== undefined) parseDuration(timeout, '--timeout');
  const fetches = !parsed.has('detach') && !parsed.has('no-download');
  const out = parsed.text('out');
  if (!fetches && out !== undefined) {
    throw new CliError(EXIT.usage, 'usage', '--out goes with neither --detach nor --no-download.');
  }
  // Before anything is asked for: nobody shall wait for an export that cannot be kept.
  const place = fetches ? await placeOf(out, parsed.has('force')) : undefined;
  if (out !== undefined) underway.out = out;
  const body = await requestBody(parsed, io.stdin);
  const apiToken = await apiTokenOf(context);
  const client = await context.client();
  const asked = await ask(context, client, { organization, project }, { ...body, ...apiToken });
  output.document({ event: 'requested', joined: asked.joined, export: asked });
  if (parsed.has('detach')) {
    output.note(`Watch it: ${await context.command('status', asked.id, '--wait')}`);
    output.line(asked.id);
    return EXIT.done;
  }
  const view = await watch(context, client, asked.id);
  await tellEnd(context, view);
  if (place && view.bundle && (view.outcome === 'completed' || view.outcome === 'partial')) {
    await fetchBundle(context, client, view, place);
  }
  return exitOf(view);
}

async function ask(
  context: Context,
  client: Client,
  { organization, project }: { organization: string; project: string },
  body: object,
): Promise<ExportView & { joined: boolean }> {
  const { output, underway, parsed } = context;
  const key = keyOf(parsed);
  underway.key = key;
  const path = `api/v1/organizations/${encodeURIComponent(organization)}/projects/${encodeURIComponent(project)}/exports`;
  try {
    const asked = await client.json<ExportView & { joined: boolean }>(path, {
      method: 'POST',
      body,
      // The same request with the same key is one export, however often it is sent.
      repeatable: true,
      headers: { 'idempotency-key': `"${key.replace(/["\\]/g, '\\$&')}"` },
    });
    underway.id = asked.id;
    underway.running = true;
    const begun = asked.joined ? 'An identical request of yours is running already; joining it' : 'Asked';
    output.note(`${begun}: export ${asked.id}`);
    return asked;
  } catch (error) {
    if (error instanceof CliError && error.details.fields?.length) {
      const details = { ...error.details, fields: withFlags(error.details.fields) };
      // Each field is told on a line of its own.
      throw new CliError(error.exit, error.code, error.message.replace(/\. .*$/s, '.'), details);
    }
    throw error;
  }
}

/** The key that was given, else a new one. @throws {CliError} `usage` */
function keyOf(parsed: Parsed): string {
  const key = parsed.text('key') ?? randomUUID();
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key;
  throw new CliError(EXIT.usage, 'usage', '--key takes 1 to 255 printable ASCII characters.');
}
