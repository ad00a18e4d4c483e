/** What several commands do with an export: watch it, tell how it ended, and fetch its bundle. */
import { downloadStage, exportStage } from './bar.js';
import type { Client } from './client.js';
import type { Context } from './context.js';
import { download } from './download.js';
import { parseDuration } from './duration.js';
import { CliError } from './errors.js';
import { EXIT } from './exit-codes.js';
import type { ExportView } from './export-view.js';
import { follow } from './follow.js';
import { printable } from './printable.js';
import { destinationIn, PartFile, type Place, StandardOutput } from './target.js';

/** Watches until it is decided. @throws {CliError} as `follow` */
export async function watch(context: Context, client: Client, id: string): Promise<ExportView> {
  const { output, parsed, underway } = context;
  const timeout = parsed.text('timeout');
  underway.id = id;
  underway.running = true;
  const view = await follow(client, id, {
    timeoutMs: timeout === undefined ? undefined : parseDuration(timeout, '--timeout'),
    onProgress: (progress) => output.progress(exportStage(progress), { event: 'progress', ...progress }),
  });
  underway.running = false;
  output.endProgress();
  output.document({ event: 'end', export: view });
  return view;
}

/** The exit code of how an export ended. */
export function exitOf(view: ExportView): number {
  if (view.state === 'expired') return EXIT.notThere;
  if (view.outcome === 'failed' || view.outcome === 'cancelled') return EXIT.failed;
  return view.outcome === 'partial' ? EXIT.partial : EXIT.done;
}

/** Tells on standard error how an export ended. */
export async function tellEnd(context: Context, view: ExportView): Promise<void> {
  const { output } = context;
  const { id, state, error, missing, warnings, result } = view;
  if (error) output.note(`Export ${id} is ${state}: ${printable(error.message)}`);
  else output.note(`Export ${id} is ${state}${missing.length > 0 ? ' and lacks:' : '.'}`);
  for (const part of missing) output.note(`  ${printable(`${part.file ?? part.step ?? 'a part'}: ${part.message}`)}`);
  for (const warning of warnings) output.note(`  warning: ${printable(warning)}`);
  if (result?.unchanged === true) output.note('  It is the bundle that you have, byte by byte.');
  if (view.retryable) output.note(`  Once more: ${await context.command('retry', id, '--wait')}`);
}

/** Fetches the bundle of an export that is decided. @throws {CliError} where there is none, and as `download` */
export async function fetchBundle(context: Context, client: Client, view: ExportView, place: Place): Promise<void> {
  const { output, io, parsed, underway } = context;
  const { id, bundle } = view;
  underway.id = id;
  if (!bundle) throw await withoutBundle(context, view);
  const destination =
    place.kind === 'stdout' ? undefined : destinationIn(place, { name: bundle.name, id, force: parsed.has('force') });
  const target = destination ? await PartFile.open(destination, io.signal) : new StandardOutput(io.stdout);
  if (target instanceof PartFile) underway.part = target.part;
  const begun = { at: Date.now(), bytes: target.offset };
  try {
    await download(client, { id, bytes: bundle.bytes, sha256: bundle.sha256 }, target, {
      onNote: (text) => output.note(text),
      onProgress: (bytes, total) => {
        const seconds = (Date.now() - begun.at) / 1000;
        const speed = seconds > 1 ? (bytes - begun.bytes) / seconds : undefined;
        output.progress(downloadStage(bytes, total, speed), { event: 'download', id, bytes, bytesTotal: total });
      },
    });
  } catch (error) {
    if (target.offset === 0) delete underway.part;
    throw error;
  } finally {
    await target.close();
  }
  delete underway.part;
  output.endProgress();
  const file = place.kind === 'stdout' ? null : target.name;
  output.document({ event: 'saved', id, file, bytes: bundle.bytes, sha256: bundle.sha256 });
  if (file === null) return;
  if (destination && file !== destination.path) {
    output.note(`${printable(destination.path)} is there already: this bundle has the export's id in its name.`);
  }
  output.note(`The SHA-256 is right: ${bundle.sha256}`);
  output.line(file);
}

/** The same words as the service has for it, without asking once more. */
async function withoutBundle(context: Context, view: ExportView): Promise<CliError> {
  const { id, state, outcome, error } = view;
  if (outcome === null) {
    return new CliError(EXIT.notThere, 'export-unfinished', `Export ${id} has not come to its end yet.`, {
      advice: [`Watch it: ${await context.command('status', id, '--wait')}`],
    });
  }
  if (state === 'failed' || state === 'cancelled') {
    return new CliError(EXIT.notThere, 'export-without-file', `Export ${id} is ${state}: ${error?.message ?? ''}`, {
      advice: [`Once more: ${await context.command('retry', id, '--wait')}`],
    });
  }
  return new CliError(EXIT.notThere, 'export-expired', `The files of export ${id} have expired.`, {
    advice: [`Ask for a new one: ${await context.command('export', `${view.organization}/${view.project}`)} …`],
  });
}

/** With `--out -` standard output is the bundle's, and so no JSON goes there. @throws {CliError} `usage` */
export function checkOutAndJson(context: Context): void {
  if (context.output.json && context.parsed.text('out') === '-') {
    throw new CliError(EXIT.usage, 'usage', 'With --out - standard output is for the bundle; leave --json out.');
  }
}
