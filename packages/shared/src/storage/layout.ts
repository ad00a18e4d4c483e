/** What a storage key belongs to. Keys are made by the workers (`processors/keys.ts`) and for uploads (`uploads.ts`). */

/** `work`: fragments and files of a generation, also those (`made`) that other exports may take; `bundle`: what one start of a merge has written, in a folder of its own. */
export type ObjectPlace =
  | { kind: 'upload'; id: string }
  | { kind: 'export'; id: string; part: 'work' | 'bundle' | 'other'; folder: string }
  | { kind: 'probe' }
  | { kind: 'unknown' };

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const UPLOAD = new RegExp(`^uploads/(${UUID})/[^/]+$`);
const EXPORT = new RegExp(`^([^/]+/[^/]+/(${UUID})/([^/]+))(?:/.+)?$`);
/** What `ops doctor` writes to see whether it can. */
const PROBE = new RegExp(`^ops-doctor-${UUID}/probe`);

/**
 * Tells what an object is, by its key alone.
 * @returns of an export's, `folder`: the key up to what it is part of, such as `<org>/<project>/<id>/bundle-1-1`
 */
export function placeOf(key: string): ObjectPlace {
  const upload = UPLOAD.exec(key);
  if (upload?.[1] !== undefined) return { kind: 'upload', id: upload[1] };
  const [, folder, id, part = ''] = EXPORT.exec(key) ?? [];
  if (folder !== undefined && id !== undefined) {
    const what = /^(work|made)-\d+$/.test(part) ? 'work' : /^bundle-\d+-\d+$/.test(part) ? 'bundle' : 'other';
    return { kind: 'export', id, part: what, folder };
  }
  return { kind: PROBE.test(key) ? 'probe' : 'unknown' };
}
