/** Text as the XML of a spreadsheet holds it. */

/** Most UTF-16 units that a cell can hold (Excel's limit, which its file must keep to). */
export const MAX_CELL = 32_767;

/** What XML 1.0 (2.2) cannot hold, and what an escape looks like (ECMA-376 part 1, 22.9.2.19). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}|_(?=x[0-9A-Fa-f]{4}_)/gu;
const MARKUP = /[&<>\r]/g;
/** Whether anything needs a closer look; most texts have none of these. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const HARD = /[&<>\u0000-\u0008\u000b-\u001f\ufffe\uffff\ud800-\udfff]|_x/;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

/**
 * A text as the content of an element: characters that XML cannot hold as `_xHHHH_`, a text that looks like such an escape
 * with its first underscore escaped (`_x005F_x0041_`), a carriage return as `&#13;`, since an XML reader would make it a
 * line feed.
 */
export function xmlText(text: string): string {
  if (!HARD.test(text)) return text;
  return text
    .replace(UNWRITABLE, (unit) => `_x${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`)
    .replace(MARKUP, (sign) => ENTITIES[sign] as string);
}

/** An element of text. Blanks at its ends, and line ends, are kept by those readers only that are told to. */
export function xmlElement(text: string): string {
  const space = /^\s|\s$|\n/.test(text) ? ' xml:space="preserve"' : '';
  return `<t${space}>${xmlText(text)}</t>`;
}

/**
 * A text that fits a cell, of one that does not: a note of where the whole of it is, then its beginning.
 * @param whole the file that has all of it
 */
export function cutText(text: string, whole: string): string {
  const note = `[Cut: ${text.length.toLocaleString('en-US')} characters, whole in ${whole}] `;
  let end = MAX_CELL - note.length;
  // Not between the two halves of a character.
  if ((text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--;
  return note + text.slice(0, end);
}
