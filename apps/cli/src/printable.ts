/** Texts of the service, made safe for a terminal and for a shell. */

/** Control characters, with which a text could move the cursor or colour the screen, and those that turn its direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A text on one line, each control character replaced by U+FFFD; line breaks and tabs by a blank. */
export function printable(text: string): string {
  return text.replace(/[\t\r\n]+/g, ' ').replace(UNPRINTABLE, '\ufffd');
}

/** A word as a POSIX shell reads it back. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * The name under which a bundle is kept when nobody named one: the last part of what the service proposes, without what
 * a file system may take for something else, never hidden, never a path.
 */
export function safeFileName(proposed: string, fallback: string): string {
  const last = proposed.split(/[/\\]/).at(-1) ?? '';
  const name = last
    .replace(UNPRINTABLE, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[.\s]+|[.\s]+$/g, '');
  return name === '' || Buffer.byteLength(name) > 200 ? fallback : name;
}
