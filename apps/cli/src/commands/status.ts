/** `parcelpost status`. */
import { exportId, type Parsed } from '../arguments.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { exitOf, tellEnd, watch } from '../watch.js';
import { describe } from '../words.js';

export async function runStatus(context: Context, parsed: Parsed): Promise<number> {
  const { output } = context;
  const id = exportId(parsed.operands[0]);
  const client = await context.client();
  if (parsed.has('wait')) {
    const view = await watch(context, client, id);
    await tellEnd(context, view);
    for (const line of describe(view)) output.line(line);
    return exitOf(view);
  }
  const view = await client.export(id);
  output.document(view);
  for (const line of describe(view)) output.line(line);
  return EXIT.done;
}
