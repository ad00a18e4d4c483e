import { expect, it } from 'vitest';
import { pathFault } from './raw-path.js';

/** Every character there is, but for halves of one. */
function* characters(): Generator<string> {
  for (let point = 0; point <= 0x10ffff; point += 1) {
    if (point < 0xd800 || point > 0xdfff) yield String.fromCodePoint(point);
  }
}

it('a name is refused for a slash, backslash, percent sign or control character in it or in its NFKC form, and for no other', () => {
  const forbidden = /[/\\%\p{Cc}]/u;
  const wrong: string[] = [];
  let refused = 0;
  for (const character of characters()) {
    const bad = forbidden.test(character) || forbidden.test(character.normalize('NFKC'));
    if (bad) refused += 1;
    const path = `/a${encodeURIComponent(character)}z/`;
    if ((pathFault(path) !== undefined) !== bad) wrong.push(path);
  }
  expect(wrong).toEqual([]);
  // 65 control characters, three plain ones, and what looks like those.
  expect(refused).toBeGreaterThan(65 + 3);
});

it('a name is refused that is a dot segment in its NFKC form, and not one that has dots and more', () => {
  for (const dots of ['．', '．．', '.．', '‥', '․', '․．']) {
    expect(pathFault(`/a/${encodeURIComponent(dots)}/b`)?.type, dots).toBe('path-malformed');
  }
  for (const name of ['．a', 'a‥', '…', '...']) {
    expect(pathFault(`/a/${encodeURIComponent(name)}/b`), name).toBeUndefined();
  }
});
