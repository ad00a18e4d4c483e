/** The names that resource files get in a bundle: their own, as far as every system can hold them side by side. */

/** Longer ones are cut: file systems hold 255 bytes, and a number may have to fit in. */
const MOST_BYTES = 200;
/** An extension is no longer; what is, is part of the name. */
const MOST_EXTENSION = 16;

/** Devices of Windows, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?:\.|$)/i;
/** What Windows refuses, what unzip and shells may take for something else, and what nobody sees or that turns text about. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[<>:"|?*\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|\p{Cs}/gu;

/**
 * A file's own name as one part of a path: what stands behind its last `/` or `\`, without control characters and what
 * else no file system can hold, in Unicode's form C, of at most 200 bytes. Empty where nothing is left.
 */
export function plainName(original: string): string {
  const last = original.normalize('NFC').split(/[/\\]/).at(-1) ?? '';
  const clean = last
    .replace(UNSAFE, '_')
    .replace(/^\s+|[\s.]+$/gu, '')
    // A drive's letter.
    .replace(/^[a-z]_(?=.)/i, (drive) => (/^[a-z]:/i.test(last) ? '' : drive));
  if (clean === '' || /^[._]+$/.test(clean)) return '';
  return fitting(DEVICE.test(clean) ? `_${clean}` : clean);
}

/** Gives each file a name that no other has, whatever the case of its letters: `a.pdf`, `a (2).pdf`. */
export class ResourceNames {
  readonly #taken: Set<string>;
  /** The number that a name got last. */
  readonly #numbers = new Map<string, number>();

  /** @param reserved names of our own files beside them */
  constructor(reserved: readonly string[]) {
    this.#taken = new Set(reserved.map(folded));
  }

  /**
   * @param wanted what the file may be called, best first; the first of which something is left is taken
   * @param otherwise where nothing is left of any
   */
  take(wanted: readonly string[], otherwise: string): string {
    const name = wanted.map(plainName).find((each) => each !== '') ?? otherwise;
    const [base, extension] = parted(name);
    const key = folded(name);
    let free = name;
    for (let number = this.#numbers.get(key) ?? 1; this.#taken.has(folded(free)); ) {
      number++;
      this.#numbers.set(key, number);
      free = `${base} (${number})${extension}`;
    }
    this.#taken.add(folded(free));
    return free;
  }
}

/** As file systems compare that do not tell `A` from `a`. */
function folded(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** The name, and its extension with the dot. */
function parted(name: string): [base: string, extension: string] {
  const dot = name.lastIndexOf('.');
  return dot <= 0 || Buffer.byteLength(name.slice(dot)) > MOST_EXTENSION
    ? [name, '']
    : [name.slice(0, dot), name.slice(dot)];
}

function fitting(name: string): string {
  if (Buffer.byteLength(name) <= MOST_BYTES) return name;
  const [base, extension] = parted(name);
  let room = MOST_BYTES - Buffer.byteLength(extension);
  let cut = '';
  for (const character of base) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    cut += character;
  }
  return `${cut.replace(/[\s.]+$/u, '')}${extension}`;
}
