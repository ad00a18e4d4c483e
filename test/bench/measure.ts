/** One export from the outside: the request, the waiting, and the last byte of the zip. */
import type { Fleet } from './fleet.js';

export interface Timing {
  id: string;
  /** From the request to the last byte of the zip. */
  seconds: number;
  /** Of these, until the request was answered. */
  requested: number;
  /** Of these, for the download alone. */
  download: number;
  bytes: number;
  /** Records in the files, as the export itself tells. */
  rows: number;
}

export interface Wanted {
  organization: string;
  project: string;
  /** Token of another platform. */
  apiToken?: string | undefined;
}

interface View {
  id: string;
  state: string;
  error: { code: string; message: string } | null;
  files: { name: string; rows: number | null }[];
}

/** Longest an export may take before the bench gives it up. */
const PATIENCE_MS = 3_600_000;

/**
 * Asks for an export of type `shp`, follows its server-sent events to the end, as a dashboard does, and downloads it.
 * Throws when the export ends in any other state than completed, or its zip is shorter than promised.
 */
export async function timeExport(fleet: Fleet, { organization, project, apiToken }: Wanted): Promise<Timing> {
  const authorization = `Bearer ${fleet.bearer}`;
  const start = performance.now();
  const since = () => (performance.now() - start) / 1000;
  const path = `/api/v1/organizations/${organization}/projects/${project}/exports`;
  const asked = await fetch(fleet.url + path, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ outputType: 'shp', ...(apiToken ? { apiToken } : {}) }),
  });
  let view = await body(asked, 202);
  const requested = since();
  await decision(`${fleet.url}/api/v1/exports/${view.id}/events`, authorization);
  const decided = since();
  const bytes = await download(`${fleet.url}/api/v1/exports/${view.id}/download`, authorization);
  const seconds = since();
  view = await body(await fetch(`${fleet.url}/api/v1/exports/${view.id}`, { headers: { authorization } }), 200);
  if (view.state !== 'completed') {
    throw new Error(`export ${view.id} of ${project} ended ${view.state}: ${view.error?.code} ${view.error?.message}`);
  }
  const rows = view.files.reduce((sum, file) => sum + (file.name.endsWith('.csv') ? (file.rows ?? 0) : 0), 0);
  return { id: view.id, seconds, requested, download: seconds - decided, bytes, rows };
}

/** Resolves at the event that says that the export is decided. */
async function decision(url: string, authorization: string): Promise<void> {
  const answer = await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(PATIENCE_MS) });
  if (answer.status !== 200 || !answer.body) throw new Error(`${url} answered ${answer.status}`);
  let text = '';
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (/^event: end$/m.test(text)) return;
  }
  throw new Error(`${url} ended before the export did`);
}

async function body(response: Response, status: number): Promise<View> {
  if (response.status !== status)
    throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as View;
}

async function download(url: string, authorization: string): Promise<number> {
  const response = await fetch(url, { headers: { authorization } });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  let bytes = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) bytes += chunk.length;
  const promised = Number(response.headers.get('content-length'));
  if (bytes !== promised) throw new Error(`${url} promised ${promised} bytes and sent ${bytes}`);
  return bytes;
}

export function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
