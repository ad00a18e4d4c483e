/** `parcelpost cancel`. */
import { exportId, type Parsed } from '../arguments.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import type { ExportView } from '../export-view.js';
import { exitOf, tellEnd, watch } from '../watch.js';

export async function runCancel(context: Context, parsed: Parsed): Promise<number> {
  const { output } = context;
  const id = exportId(parsed.operands[0]);
  const client = await context.client();
  const view = await client.json<ExportView>(`api/v1/exports/${id}`, { method: 'DELETE' });
  output.document({ event: 'cancelling', export: view });
  output.note(view.outcome === 'cancelled' ? `Export ${id} is cancelled.` : `Export ${id} is being cancelled.`);
  if (!parsed.has('wait')) return EXIT.done;
  const end = await watch(context, client, id);
  await tellEnd(context, end);
  // To be cancelled is what was asked for.
  return end.outcome === 'cancelled' ? EXIT.done : exitOf(end);
}
