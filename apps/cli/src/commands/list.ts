/** `parcelpost list`. */
import { type Parsed, projectName } from '../arguments.js';
import type { Context } from '../context.js';
import { CliError } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { ExportView } from '../export-view.js';
import { exportTable } from '../words.js';

export async function runList(context: Context, parsed: Parsed): Promise<number> {
  const { output } = context;
  const which = parsed.operands.length === 0 ? {} : projectName(parsed.operands[0]);
  const limit = parsed.text('limit') ?? '20';
  if (!/^\d+$/.test(limit) || Number(limit) < 1 || Number(limit) > 200) {
    throw new CliError(EXIT.usage, 'usage', '--limit takes a number from 1 to 200.');
  }
  const client = await context.client();
  const query = new URLSearchParams({ ...which, limit });
  const { results } = await client.json<{ results: ExportView[] }>(`api/v1/exports?${query}`);
  for (const view of results) output.document(view);
  if (results.length === 0) output.note('There are none.');
  else for (const line of exportTable(results)) output.line(line);
  return EXIT.done;
}
