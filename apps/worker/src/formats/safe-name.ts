/** Names of files, made of names that a foreign platform chose. */

/** A slug as the part of a file's name: nothing in it can be a path or an extension. */
export function safeName(slug: string): string {
  return slug.replace(/[^\p{L}\p{N}_-]/gu, '-');
}
