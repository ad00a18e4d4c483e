/**
 * The two bodies of a mail. The HTML uses inline styles alone, no images, no remote content, no tracking, and no
 * colours but the button's and half-transparent greys, so that it reads on light and on dark.
 */
import { escapeHtml } from '@parcelpost/shared/escape-html.js';
import type { EmailContent } from './email-parts.js';

/** The body for readers of plain text. Lines end with LF; whoever sends it encodes it. */
export function renderText(content: EmailContent): string {
  const blocks = [content.heading, content.lead, `${content.button.text}:\n${content.button.url}`, content.hint];
  const width = Math.max(0, ...content.facts.map(([name]) => name.length)) + 1;
  if (content.facts.length > 0) {
    blocks.push(content.facts.map(([name, value]) => `${`${name}:`.padEnd(width)} ${value}`).join('\n'));
  }
  for (const { title, lines } of content.notes) {
    if (lines.length > 0) blocks.push(`${title}\n${lines.map((line) => `- ${line}`).join('\n')}`);
  }
  if (content.files.length > 0) blocks.push(`Inside\n${textTable(content)}`);
  if (content.links.length > 0) blocks.push(content.links.map(({ text, url }) => `${text}:\n${url}`).join('\n'));
  // RFC 3676 4.3: two hyphens and a space set the footer apart.
  blocks.push(`-- \n${content.footer}`);
  return `${blocks.join('\n\n')}\n`;
}

function textTable({ files, moreFiles }: EmailContent): string {
  const table = [{ name: 'File', rows: 'Rows', size: 'Size' }, ...files];
  const width = (column: 'name' | 'rows' | 'size') => Math.max(...table.map((file) => file[column].length));
  const [name, rows, size] = [width('name'), width('rows'), width('size')];
  const lines = table.map(
    (file) => `${file.name.padEnd(name)}  ${file.rows.padStart(rows)}  ${file.size.padStart(size)}`,
  );
  return [...lines, ...moreLine(moreFiles)].map((line) => `  ${line}`).join('\n');
}

function moreLine(more: number): string[] {
  return more > 0 ? [`… and ${more} more; manifest.json in the bundle lists them all.`] : [];
}

const RULE = 'border-top:1px solid rgba(128,128,128,.35)';
const CELL = `padding:6px 12px 6px 0;text-align:left;vertical-align:top;${RULE}`;
const NUMBER = `padding:6px 0 6px 12px;text-align:right;vertical-align:top;white-space:nowrap;${RULE}`;
const H2 = 'margin:28px 0 8px;font-size:16px;line-height:1.3';
const TABLE = 'width:100%;border-collapse:collapse;font-size:14px';
const BUTTON =
  'display:inline-block;padding:12px 20px;border-radius:6px;background:#0b6b50;color:#ffffff;font-weight:bold;text-decoration:none';

/** The body for readers of HTML: a whole document. */
export function renderHtml(content: EmailContent): string {
  const parts = [
    `<h1 style="margin:0 0 12px;font-size:22px;line-height:1.3">${bidi(content.heading)}</h1>`,
    `<p style="margin:0 0 20px">${bidi(content.lead)}</p>`,
    `<p style="margin:0 0 12px"><a href="${escapeHtml(content.button.url)}" style="${BUTTON}">${escapeHtml(content.button.text)}</a></p>`,
    `<p style="margin:0 0 20px;font-size:13px;opacity:.8">${escapeHtml(content.hint)}</p>`,
  ];
  if (content.facts.length > 0) {
    parts.push(`<table role="presentation" style="${TABLE}">${content.facts.map(factRow).join('')}</table>`);
  }
  for (const { title, lines } of content.notes) {
    if (lines.length === 0) continue;
    const items = lines.map((line) => `<li style="margin:0 0 6px">${bidi(line)}</li>`).join('');
    parts.push(`<h2 style="${H2}">${escapeHtml(title)}</h2><ul style="margin:0;padding-left:20px">${items}</ul>`);
  }
  if (content.files.length > 0) parts.push(fileTable(content));
  for (const { text, url } of content.links) {
    parts.push(`<p style="margin:16px 0 0"><a href="${escapeHtml(url)}" style="color:inherit">${bidi(text)}</a></p>`);
  }
  parts.push(
    `<p style="margin:28px 0 0;padding-top:12px;font-size:12px;opacity:.75;${RULE}">${escapeHtml(content.footer)}</p>`,
  );
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">',
    `<title>${escapeHtml(content.subject)}</title></head>`,
    '<body style="margin:0;padding:0"><div style="max-width:600px;margin:0 auto;padding:24px 16px;',
    "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.5\">",
    ...parts,
    '</div></body></html>',
  ].join('\n');
}

function factRow([name, value]: [string, string]): string {
  const head = `<th scope="row" style="${CELL};font-weight:normal;white-space:nowrap;opacity:.8">${escapeHtml(name)}</th>`;
  return `<tr>${head}<td style="${CELL};word-break:break-word">${bidi(value)}</td></tr>`;
}

function fileTable({ files, moreFiles }: EmailContent): string {
  const head =
    '<tr><th style="text-align:left">File</th><th style="text-align:right">Rows</th><th style="text-align:right">Size</th></tr>';
  const rows = files.map(
    ({ name, rows, size }) =>
      `<tr><td style="${CELL};word-break:break-word">${bidi(name)}</td><td style="${NUMBER}">${escapeHtml(rows)}</td><td style="${NUMBER}">${escapeHtml(size)}</td></tr>`,
  );
  const more = moreLine(moreFiles).map(
    (line) => `<p style="margin:8px 0 0;font-size:13px;opacity:.8">${escapeHtml(line)}</p>`,
  );
  return `<h2 style="${H2}">Inside</h2><table style="${TABLE}">${head}${rows.join('')}</table>${more.join('')}`;
}

/** Text of unknown direction, kept from turning its neighbours around. */
function bidi(text: string): string {
  return `<bdi>${escapeHtml(text)}</bdi>`;
}
