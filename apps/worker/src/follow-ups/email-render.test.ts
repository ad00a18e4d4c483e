import { describe, expect, it } from 'vitest';
import { EXPORT_ID, failureInput, PAGE, PUBLIC_URL, successInput } from '../../../../test/support/follow-ups.js';
import { emailContent } from './email-content.js';
import { renderHtml, renderText } from './email-render.js';

const both = (...args: Parameters<typeof emailContent>) => {
  const content = emailContent(...args);
  return { ...content, text: renderText(content), html: renderHtml(content) };
};

describe('the mail about a bundle', () => {
  it('says in both bodies what was made, how large it is, until when, and leads to the page', () => {
    const { subject, text, html } = both(successInput(), PUBLIC_URL);
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
    const { html } = both(successInput(), PUBLIC_URL);
    expect(html).not.toMatch(/<img|<link|<script|<style|src=|url\(|\/download/i);
    expect([...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1])).toEqual([PAGE]);
  });

  it('a partial bundle is not called whole, and what is missing is named', () => {
    const input = successInput({ outcome: 'partial', warnings: ['resources: 3 files could not be fetched'] });
    const { subject, text, html } = both(input, PUBLIC_URL);
    expect(subject).toBe('Export of London 2 is ready, but not whole');
    for (const body of [text, html]) {
      expect(body).toContain('What is missing');
      expect(body).toContain('resources: 3 files could not be fetched');
    }
  });

  it('a bundle without warnings has no heading for them', () => {
    expect(both(successInput({ warnings: [] }), PUBLIC_URL).text).not.toContain('What to know');
  });

  it('stays short for thousands of files and warnings, and says how many it leaves out', () => {
    const files = Array.from({ length: 5000 }, (_, n) => ({ name: `resources/${n}.pdf`, rows: null, bytes: n }));
    const { text, html } = both(
      successInput({ files, warnings: files.map(({ name }) => `${name} is odd`) }),
      PUBLIC_URL,
    );
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
    const { html } = both(successInput({ links }), PUBLIC_URL);
    expect([...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1])).toEqual([
      PAGE,
      'https://example.org/?a=1&amp;b=&quot;2&quot;',
    ]);
    expect(html).toContain('Map &amp; more');
  });
});

describe('the mail about a failure', () => {
  it('says what happened, where, after how many tries, what to do, and where to look', () => {
    const { subject, text, html } = both(failureInput(), PUBLIC_URL);
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

  it('a cancelled export is not called failed', () => {
    const failure = { code: 'cancelled', message: 'Cancelled by Ana.', step: null, shard: null, attempts: 1 };
    const { subject, text } = both(failureInput({ outcome: 'cancelled', failure }), PUBLIC_URL);
    expect(subject).toBe('Export of London 2 was cancelled');
    expect(text).not.toMatch(/failed|could not|null/);
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
    ];
    for (const input of inputs) {
      const { html, text, subject } = both(input, PUBLIC_URL);
      expect(html).not.toMatch(/<b |onload="|\u202E|&'/);
      expect(html).toContain('&lt;b onload=&quot;x&quot;&gt;&amp;&#39;&quot;&lt;/b&gt;');
      expect(text).not.toMatch(/^Bcc/m);
      expect(subject).not.toMatch(/[\r\n]/);
    }
  });

  it('a subject of the asker’s own replaces the usual one, as one line', () => {
    expect(emailContent(successInput(), PUBLIC_URL, 'Límites\r\nBcc: eve@example.org').subject).toBe(
      'Límites Bcc: eve@example.org',
    );
  });
});
