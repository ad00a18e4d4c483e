/** `parcelpost retry`. */
import { apiTokenOf } from '../api-token.js';
import { exportId, type Parsed } from '../arguments.js';
import type { Client } from '../client.js';
import type { Context } from '../context.js';
import { isTransient } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { ExportView } from '../export-view.js';
import { placeOf } from '../target.js';
import { checkOutAndJson, exitOf, fetchBundle, tellEnd, watch } from '../watch.js';

export async function runRetry(context: Context, parsed: Parsed): Promise<number> {
  const { output, underway } = context;
  const id = exportId(parsed.operands[0]);
  checkOutAndJson(context);
  const out = parsed.text('out');
  const place = out === undefined ? undefined : await placeOf(out, parsed.has('force'));
  if (out !== undefined) underway.out = out;
  const body = await apiTokenOf(context);
  const client = await context.client();
  underway.id = id;
  const view = await tryAgain(client, id, body);
  underway.running = true;
  output.document({ event: 'retrying', export: view });
  output.note(`Export ${id} is being tried again, for the ${ordinal(view.generation)} time.`);
  if (!parsed.has('wait') && place === undefined) {
    output.note(`Watch it: ${await context.command('status', id, '--wait')}`);
    return EXIT.done;
  }
  const end = await watch(context, client, id);
  await tellEnd(context, end);
  if (place && (end.outcome === 'completed' || end.outcome === 'partial')) {
    await fetchBundle(context, client, end, place);
  }
  return exitOf(end);
}

/** A try begins once and takes no key: where the answer is lost, the generation tells whether it has begun. */
async function tryAgain(client: Client, id: string, body: object): Promise<ExportView> {
  const before = await client.export(id);
  try {
    return await client.json<ExportView>(`api/v1/exports/${id}/retry`, { method: 'POST', body });
  } catch (error) {
    if (!isTransient(error)) throw error;
    const now = await client.export(id);
    if (now.generation > before.generation) return now;
    throw error;
  }
}

function ordinal(generation: number): string {
  return ['', 'first', 'second', 'third'][generation] ?? `${generation}th`;
}
