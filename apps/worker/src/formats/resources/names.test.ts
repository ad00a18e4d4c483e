import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plainName, ResourceNames } from './names.js';

describe('a resource file’s own name', () => {
  test.each([
    ['deed.pdf', 'deed.pdf'],
    ['../field notes.docx', 'field notes.docx'],
    ['C:\\survey\\2019.csv', '2019.csv'],
    ['C:2019.csv', '2019.csv'],
    ['/etc/passwd', 'passwd'],
    ['..', ''],
    ['.', ''],
    ['a/', ''],
    ['', ''],
    ['...', ''],
    ['.htaccess', '.htaccess'],
    ['дом.jpg', 'дом.jpg'],
    ['e\u0301.png', 'é.png'],
    ['a\u0000b\nc.txt', 'a_b_c.txt'],
    ['invoice\u202egpj.exe', 'invoice_gpj.exe'],
    ['what? "really" <no>|*.txt', 'what_ _really_ _no___.txt'],
    ['NUL.txt', '_NUL.txt'],
    ['com1', '_com1'],
    ['console.log', 'console.log'],
    ['trailing. . ', 'trailing'],
    [' leading.txt', 'leading.txt'],
    ['half \ud83d.txt', 'half _.txt'],
    [`${'ж'.repeat(200)}.jpeg`, `${'ж'.repeat(97)}.jpeg`],
  ])('%j becomes %j', (original, name) => {
    expect(plainName(original)).toBe(name);
  });
});

describe('resource names', () => {
  test('are the same for no two files, whatever the case; ours are taken', () => {
    const names = new ResourceNames(['README.txt', 'manifest.json', 'resources.xlsx']);
    const given = ['a.pdf', 'A.PDF', 'a (2).pdf', 'a.pdf', 'readme.TXT', '..', 'a', 'a', 'É.txt', 'e\u0301.txt'];
    expect(given.map((name) => names.take([name], 'file'))).toEqual([
      'a.pdf',
      'A (2).PDF',
      'a (2) (2).pdf',
      'a (3).pdf',
      'readme (2).TXT',
      'file',
      'a',
      'a (2)',
      'É.txt',
      'é (2).txt',
    ]);
    expect(names.take(['..', 'Deed'], 'file')).toBe('Deed');
  });

  test('of a hundred thousand files of one name come as quickly as others', () => {
    const names = new ResourceNames([]);
    const last = Array.from({ length: 100_000 }, () => names.take(['image.jpg'], 'x')).at(-1);
    expect(last).toBe('image (100000).jpg');
  });

  test('whatever they were, are plain parts of a path and differ', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('..', 'a.pdf', 'A.pdf', 'a (2).pdf', 'CON', 'C:\\x', '../x', 'x'.repeat(400), '.', 'README.txt'),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (given) => {
        const names = new ResourceNames(['README.txt']);
        const taken = given.map((name) => names.take([name], 'file'));
        for (const name of taken) {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
          expect(name).not.toMatch(/[/\\:\u0000-\u001f]|^\.{1,2}$|^$|[. ]$/);
          expect(Buffer.byteLength(name)).toBeLessThan(255);
          expect(name).not.toMatch(/\p{Cs}/u);
        }
        const all = ['readme.txt', ...taken.map((name) => name.normalize('NFC').toLowerCase())];
        expect(new Set(all).size).toBe(all.length);
      }),
      { numRuns: 2000 },
    );
  });
});
