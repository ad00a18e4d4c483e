import type { ExportEnd, FollowUpInput } from '@parcelpost/shared/export-result.js';
import { describe, expect, it } from 'vitest';
import {
  cancelledInput,
  EXPORT_ID,
  failureInput,
  faultInput,
  NO_INPUT,
  PAGE,
  PUBLIC_URL,
  partialInput,
  successInput,
  valueInput,
} from '../../../../test/support/follow-ups.js';
import { emailContent } from './email-content.js';
import { renderHtml, renderText } from './email-render.js';

function both(input: FollowUpInput, end: ExportEnd) {
  const content = emailContent(input, end, PUBLIC_URL);
  return { ...content, text: renderText(content), html: renderHtml(content) };
}
const about = (end: ExportEnd) => both(end, end);

describe('the mail about a bundle', () => {
  it('says in both bodies what was made, how large it is, until when, and leads to the page', () => {
    const { subject, text, html } = about(successInput());
    expect(subject).toBe('Export of London 2 is ready');
    for (const body of [text, html]) {
      for (const said of [
        'Ana Álvarez asked for the data of London 2 (cadasta/london-2)',
        '2026-03-05_london-2_shp.zip',
        '1.41 MB',
        '12,345',
        '12 March 2026 at 14:05 UTC',
        '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        'parties.csv',
        '4,100',
        '512 kB',
        '12 locations without a geometry are in locations.csv and in no shapefile.',
        'as often as it is needed',
        PAGE,
        EXPORT_ID,
      ]) {
        expect(body).toContain(said);
      }
    }
  });

  it('has nothing in it that is fetched, and no link that is the file itself', () => {
    const { html } = about(successInput());
    expect(html).not.toMatch(/<img|<link|<script|<style|src=|url\(|\/download/i);
    expect([...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1])).toEqual([PAGE]);
  });

  it('a partial bundle is not called whole; what is missing is named, why, and apart from what is to be known', () => {
    const { subject, text, html } = about(partialInput());
    expect(subject).toBe('Export of London 2 is ready, but not whole');
    for (const body of [text, html]) {
      for (const said of [
        'What is missing',
        'parties, part 4 (2,500 records): The platform answered 502 to the list of parties, eight times in a row.',
        'shapefiles.polygons: The file could not be made.',
        'What to know about this data',
        'Try again',
      ]) {
        expect(body).toContain(said);
      }
    }
    expect(text.indexOf('What is missing')).toBeLessThan(text.indexOf('What to know'));
  });

  it('of many missing parts forty are named, and how many more there are', () => {
    const [one] = partialInput().result.missing;
    const missing = Array.from({ length: 1_200 }, (_, shard) => ({ ...one, shard }) as typeof one & object);
    for (const body of Object.values(about(partialInput({ missing }))).filter((part) => typeof part === 'string')) {
      if (!body.includes('What is missing')) continue;
      expect(body).toContain('parties, part 40 (');
      expect(body).not.toContain('parties, part 41 (');
      expect(body).toContain('1,160 more; README.txt');
    }
  });

  it('a whole bundle has no heading for what is missing', () => {
    expect(about(successInput()).text).not.toContain('missing');
  });

  it('a bundle without warnings has no heading for them', () => {
    expect(about(successInput({ warnings: [] })).text).not.toContain('What to know');
  });

  it('stays short for thousands of files and warnings, and says how many it leaves out', () => {
    const files = Array.from({ length: 5000 }, (_, n) => ({ name: `resources/${n}.pdf`, rows: null, bytes: n }));
    const { text, html } = about(successInput({ files, warnings: files.map(({ name }) => `${name} is odd`) }));
    expect(text.length).toBeLessThan(10_000);
    expect(html.length).toBeLessThan(40_000);
    for (const body of [text, html]) {
      expect(body).toContain('4960 more; manifest.json');
      expect(body).toContain('4,960 more; README.txt');
    }
  });

  it('other links of the result are there, the page’s own is not there twice, and only http is linked', () => {
    const links = [
      { text: 'Export', url: PAGE },
      { text: 'Map & more', url: 'https://example.org/?a=1&b="2"' },
      { text: 'Evil', url: 'javascript:alert(1)' },
    ];
    const { html } = about(successInput({ links }));
    expect([...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1])).toEqual([
      PAGE,
      'https://example.org/?a=1&amp;b=&quot;2&quot;',
    ]);
    expect(html).toContain('Map &amp; more');
  });
});

describe('the mail about a failure', () => {
  it('says what happened, where, after how many tries, what to do, and where to look', () => {
    const { subject, text, html } = about(failureInput());
    expect(subject).toBe('Export of London 2 failed');
    for (const body of [text, html]) {
      for (const said of [
        'The platform answered 502 to the list of parties, eight times in a row.',
        'parties, part 4',
        'What to do',
        'ask for the export again',
        'there is no file to download',
        PAGE,
      ]) {
        expect(body).toContain(said);
      }
    }
  });

  it('a cancelled export is not called failed, and who cancelled it is told', () => {
    const { subject, text, html } = about(cancelledInput());
    expect(subject).toBe('Export of London 2 was cancelled');
    expect(text).not.toMatch(/failed|could not|null|Tries|Kind/);
    for (const body of [text, html]) expect(body).toContain('Cancelled by Ana Álvarez.');
  });
});

describe('the mail after another follow-up', () => {
  it('says how the export ended, and nothing of the value that the one before it left', () => {
    expect(both(valueInput({ secretish: 'value-4711' }), successInput())).toEqual(about(successInput()));
    expect(both(valueInput(['x']), failureInput())).toEqual(about(failureInput()));
  });

  it('that failed says which one, what happened, after how many tries, where, and what the export is', () => {
    const { subject, text, html } = both(faultInput(), successInput());
    expect(subject).toBe('A follow-up of the export of London 2 failed');
    for (const body of [text, html]) {
      for (const said of [
        'Ana Álvarez asked for the data of London 2 (cadasta/london-2)',
        'webhook.post',
        'https://gis.example.org answered 500',
        'onSuccess/0/chain/1',
        '14',
        '5 March 2026 at 20:31 UTC',
        'The export itself is what it was: ready.',
        '5f0c9c52-3f0f-4f57-8d3b-8a2c51f0a7be',
        PAGE,
      ]) {
        expect(body).toContain(said);
      }
    }
  });

  it.each([
    ['ready, but not whole', partialInput()],
    ['failed', failureInput()],
    ['cancelled', cancelledInput()],
  ])('that failed says that the export is %s', (words, end) => {
    expect(both(faultInput(), end).text).toContain(`The export itself is what it was: ${words}.`);
  });
});

describe('the mail of an immutable follow-up', () => {
  it.each([
    successInput({ links: [{ text: 'Overview', url: 'https://elsewhere.example.org/' }] }),
    partialInput(),
    failureInput(),
    cancelledInput(),
  ])('says that the export has ended and where to look, neither result nor reason (%#)', (end) => {
    const { subject, text, html } = both(NO_INPUT, end);
    expect(subject).toBe('Export of London 2 has ended');
    for (const body of [text, html]) {
      expect(body).toContain('Ana Álvarez asked for the data of London 2 (cadasta/london-2)');
      expect(body).toContain(PAGE);
      expect(body).not.toMatch(/ready|whole|failed|cancelled|502|parties|\.zip|1\.41|12,345|overview|elsewhere/i);
    }
  });
});

describe('foreign text cannot become markup, lines or headers', () => {
  const nasty = '<b onload="x">&\'"</b>\r\nBcc: eve@example.org\u202E';
  const project = { organization: nasty, slug: nasty, name: nasty };

  it('is escaped in the HTML wherever it stands', () => {
    const requestedBy = { id: 'x', name: nasty };
    const files = [{ name: nasty, rows: 1, bytes: 1 }];
    const file = { name: nasty, bytes: 1, sha256: 'x', expiresAt: '2026-03-12T14:05:09.000Z' };
    const failure = { code: nasty, message: nasty, step: nasty, shard: 0, attempts: 2 };
    const inputs = [
      successInput({
        project,
        requestedBy,
        files,
        file,
        warnings: [nasty],
        links: [{ text: nasty, url: `https://x/${nasty}` }],
      }),
      failureInput({ project, requestedBy, failure }),
      partialInput({ project, requestedBy, missing: [{ ...failure, rowsExpected: 1 }] }),
    ];
    const mails = [
      ...inputs.map(about),
      ...inputs.map((end) => both(NO_INPUT, end)),
      ...inputs.map((end) => both(faultInput({ ...failure, followUpId: nasty, place: nasty }), end)),
    ];
    for (const { html, text, subject } of mails) {
      expect(html).not.toMatch(/<b |onload="|\u202E|&'/);
      expect(html).toContain('&lt;b onload=&quot;x&quot;&gt;&amp;&#39;&quot;&lt;/b&gt;');
      expect(text).not.toMatch(/^Bcc/m);
      expect(subject).not.toMatch(/[\r\n]/);
    }
  });

  it('a subject of the asker’s own replaces the usual one, as one line', () => {
    for (const input of [successInput(), failureInput(), faultInput(), NO_INPUT]) {
      const { subject } = emailContent(input, successInput(), PUBLIC_URL, 'Límites\r\nBcc: eve@example.org');
      expect(subject).toBe('Límites Bcc: eve@example.org');
    }
  });
});
