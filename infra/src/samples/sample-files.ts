/** Small files of the formats that surveyors hand in, made by code: the same bytes at every run. */
import { crc32, deflateSync } from 'node:zlib';

/** A page with a line of text. @param title in Latin letters: the font that every reader has knows no others */
export function pdf(title: string): Buffer {
  const text = title.replace(/[^\x20-\x7e]/g, '?').replace(/[\\()]/g, '\\$&');
  const content = `BT /F1 18 Tf 72 720 Td (${text}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let body = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const at = body.length;
    body += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const table = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  return Buffer.from(
    `${body}xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`,
    'latin1',
  );
}

/** A plan: squares in two shades of grey (PNG, 8 bits, no interlace). */
export function png(width = 64, height = 48): Buffer {
  const rows = Array.from({ length: height }, (_, y) => [
    0,
    ...Array.from({ length: width }, (_, x) => (((x >> 3) + (y >> 3)) % 2 === 0 ? 0x60 : 0xd0)),
  ]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.from(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A photograph, of a sort: 16 by 12 shades of grey (JPEG, baseline). */
export const jpeg = (): Buffer =>
  Buffer.from(
    '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/' +
      'wAALCAAMABABAREA/8QAFQABAQAAAAAAAAAAAAAAAAAABAX/xAAZEAACAwEAAAAAAAAAAAAAAAAAAwIEUWH/2gAIAQEAAD8AnLocErocK60wwStMMP/Z',
    'base64',
  );

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(content.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** A second of silence, nearly: MPEG-1 Layer III, 128 kbit/s, 44.1 kHz, frames without anything in them. */
export function mp3(frames = 12): Buffer {
  const frame = Buffer.alloc(417);
  frame.writeUInt32BE(0xfffb9064, 0);
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}

/** A text with marks of its own, as any word processor opens it (RTF 1.5). */
export function rtf(text: string): Buffer {
  const marked = [...text]
    .map((letter) => {
      if (/[\\{}]/.test(letter)) return `\\${letter}`;
      if (letter === '\n') return '\\par\n';
      // UTF-16 units as signed numbers, each with what a reader shows that does not know it.
      return /[\x20-\x7e]/.test(letter)
        ? letter
        : letter
            .split('')
            .map((unit) => `\\u${(unit.charCodeAt(0) << 16) >> 16}?`)
            .join('');
    })
    .join('');
  return Buffer.from(`{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Times;}}\\f0\\fs24 ${marked}}\n`, 'latin1');
}
