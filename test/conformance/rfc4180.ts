/** RFC 4180, "Common Format and MIME Type for CSV Files", held against the raw bytes of a file. */

const [COMMA, QUOTE, CR, LF] = [0x2c, 0x22, 0x0d, 0x0a];

export interface RawCsv {
  /** Fields of each record, the header's first. */
  fields: number[];
  /** Quoted fields with a line end within. */
  withLineEnds: number;
  /** The first fault, and at which byte; undefined where there is none. */
  fault: string | undefined;
}

/**
 * Walks through a CSV byte by byte. A fault is: a record that does not end with CRLF, the last one included; a CR, an LF
 * or a quote outside quotes; anything but a comma or CRLF after a closing quote; a record of another length than the header.
 */
export function readRawCsv(bytes: Uint8Array): RawCsv {
  const fields: number[] = [];
  let withLineEnds = 0;
  let inRecord = 0;
  let at = 0;
  const stop = (fault?: string): RawCsv => ({ fields, withLineEnds, fault: fault && `${fault} at byte ${at}` });
  while (at < bytes.length) {
    if (bytes[at] === QUOTE) {
      let lineEnds = 0;
      for (at += 1; at < bytes.length; at += 1) {
        if (bytes[at] === CR || bytes[at] === LF) lineEnds += 1;
        if (bytes[at] !== QUOTE) continue;
        if (bytes[at + 1] !== QUOTE) break;
        at += 1;
      }
      if (bytes[at] !== QUOTE) return stop('a quote that is never closed');
      at += 1;
      if (lineEnds > 0) withLineEnds += 1;
    } else {
      while (at < bytes.length && ![COMMA, QUOTE, CR, LF].includes(bytes[at] as number)) at += 1;
    }
    inRecord += 1;
    if (bytes[at] === COMMA) {
      at += 1;
      continue;
    }
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return stop('neither a comma nor CRLF after a field');
    fields.push(inRecord);
    if (inRecord !== fields[0]) return stop(`${inRecord} fields where the header has ${fields[0]}`);
    inRecord = 0;
    at += 2;
  }
  return inRecord === 0 ? stop() : stop('no CRLF after the last record');
}
