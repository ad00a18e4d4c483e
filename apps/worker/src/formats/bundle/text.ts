/** Plain text for people: 78 columns, and the line ends that every editor shows. */

import { humanCount } from '@parcelpost/shared/words.js';

const WIDTH = 78;

/** Text from elsewhere, on one line: whatever breaks or hides it becomes a space. */
export function oneLine(text: string): string {
  // Blanks that hold together what is on both sides of them, as within a number, stay.
  return text.replace(/(?:[\p{Cc}\p{Zl}\p{Zp}]|(?![\u00a0\u202f])\s)+/gu, ' ').trim();
}

/** Breaks a text between words; lines after the first begin with `indent` spaces. A word that is too long stays whole. */
export function wrap(first: string, text: string, indent: number): string[] {
  const lines: string[] = [];
  const margin = ' '.repeat(indent);
  let line = first;
  let width = columns(first);
  let empty = true;
  for (const word of oneLine(text).split(' ')) {
    const size = columns(word);
    if (!empty && width + 1 + size > WIDTH) {
      lines.push(line);
      line = margin;
      width = indent;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    width += size + (empty ? 0 : 1);
    empty = false;
  }
  lines.push(line);
  return lines.map((each) => each.trimEnd());
}

/** Lines of `name  text`, the texts under one another; names that are too long stand alone. */
export function definitions(pairs: readonly (readonly [name: string, text: string])[], indent = 2): string[] {
  const widest = Math.min(24, Math.max(0, ...pairs.map(([name]) => columns(oneLine(name)))));
  return pairs.flatMap(([name, text]) => {
    const shown = oneLine(name);
    const hanging = indent + widest + 2;
    const head = ' '.repeat(indent) + shown;
    if (columns(shown) > widest) return [head, ...wrap(' '.repeat(hanging), text, hanging)];
    return wrap(head.padEnd(head.length + hanging - columns(head)), text, hanging);
  });
}

/** A heading between blank lines. */
export function heading(text: string): string[] {
  return ['', text, '-'.repeat(text.length)];
}

/** CRLF: what Notepad on an office machine needs, and nothing else minds. */
export function textFile(lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n`;
}

/** Minutes are enough for people. */
export function moment(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function amount(count: number, one: string, many: string): string {
  return `${humanCount(count)} ${count === 1 ? one : many}`;
}

/** Characters, which in a typewriter's font is near enough to columns. */
function columns(text: string): number {
  return [...text].length;
}
