import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { makeAssets } from './assets.js';

const of = (texts: Record<string, string>) => makeAssets(new Map(Object.entries(texts)));

it('a name changes with the content, also with that of a script that is imported', () => {
  const one = of({ 'a.js': 'import { b } from "./b.js"; b();', 'b.js': 'export const b = 1;' });
  const two = of({ 'a.js': 'import { b } from "./b.js"; b();', 'b.js': 'export const b = 2;' });
  const same = of({ 'b.js': 'export const b = 1;', 'a.js': 'import { b } from "./b.js"; b();' });
  expect(one.get('a.js')?.hashed).toMatch(/^a-[0-9a-f]{12}\.js$/);
  expect(one.get('a.js')?.hashed).not.toBe(two.get('a.js')?.hashed);
  expect(one.get('a.js')?.hashed).toBe(same.get('a.js')?.hashed);
  expect(one.get('a.js')?.body.toString()).toBe(`import { b } from "./${one.get('b.js')?.hashed}"; b();`);
});

it('imports of every kind are led to the hashed name; a text that only looks like one is not', () => {
  const text = "import './b.js';\nexport * from './b.js';\nconst c = await import('./b.js');\nconst d = './b.js';";
  const made = of({ 'a.js': text, 'b.js': '' });
  const hashed = made.get('b.js')?.hashed;
  expect(made.get('a.js')?.body.toString()).toBe(
    `import './${hashed}';\nexport * from './${hashed}';\nconst c = await import('./${hashed}');\nconst d = './b.js';`,
  );
});

it('a script that is not there, and a circle, are named', () => {
  expect(() => of({ 'a.js': 'import "./b.js";' })).toThrow('there is no asset a.js > b.js');
  const circle = { 'a.js': 'import "./b.js";', 'b.js': 'import "./a.js";' };
  expect(() => of(circle)).toThrow('in a circle: a.js > b.js > a.js');
});

it('is sent in the coding that the browser takes', () => {
  const asset = of({ 'a.css': 'a { color: red; }'.repeat(100) }).get('a.css');
  const text = asset?.body.toString();
  const br = asset?.encoded('gzip, deflate, br');
  expect([br?.coding, brotliDecompressSync(br?.body ?? Buffer.of()).toString()]).toEqual(['br', text]);
  const gzip = asset?.encoded('gzip');
  expect([gzip?.coding, gunzipSync(gzip?.body ?? Buffer.of()).toString()]).toEqual(['gzip', text]);
  for (const none of [undefined, '', 'identity', 'br;q=0']) expect(asset?.encoded(none).body.toString()).toBe(text);
});
