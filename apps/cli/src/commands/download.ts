/** `parcelpost download`. */
import { exportId, type Parsed } from '../arguments.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { placeOf } from '../target.js';
import { checkOutAndJson, fetchBundle } from '../watch.js';

export async function runDownload(context: Context, parsed: Parsed): Promise<number> {
  const id = exportId(parsed.operands[0]);
  checkOutAndJson(context);
  const out = parsed.text('out');
  const place = await placeOf(out, parsed.has('force'));
  if (out !== undefined) context.underway.out = out;
  const client = await context.client();
  await fetchBundle(context, client, await client.export(id), place);
  return EXIT.done;
}
