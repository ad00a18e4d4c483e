import { describe, expect, test } from 'vitest';
import { tableColumns } from './columns.js';
import { columnType, KINDS } from './values.js';

const field = (name: string) => ({ name, label: name, type: 'text' });

describe('a column', () => {
  const { boolean, integer, long, real, date, text } = KINDS;
  test.each([
    [0, 'text', 'TEXT'],
    [boolean, 'text', 'BOOLEAN'],
    [integer, 'integer', 'INTEGER'],
    [integer | long, 'integer', 'INTEGER'],
    [integer, 'decimal', 'REAL'],
    [long, 'decimal', 'INTEGER'],
    [integer | real, 'text', 'REAL'],
    [long | real, 'text', 'TEXT'],
    [boolean | integer, 'text', 'TEXT'],
    [date, 'date', 'DATE'],
    [date, 'text', 'TEXT'],
    [date | text, 'date', 'TEXT'],
    [text | integer, 'integer', 'TEXT'],
  ])('that met kinds %i, in a form %s, is %s', (kinds, asked, type) => {
    expect(columnType(kinds, asked)).toBe(type);
  });

  test('has a name that SQLite tells from the others, whatever the case, and that is not one of the table’s own', () => {
    const found = new Map(
      ['ID', 'Id', 'fid', 'geom', 'GEOM', 'a"b', '', 'attributes.id', 'id', 'É', 'é', 'x\0y'].map((key) => [key, 0]),
    );
    const columns = tableColumns([field('id')], [KINDS.text], [], found);
    for (const { name, attribute, source } of columns) expect(source).toBe(name === attribute ? undefined : attribute);
    expect(columns.map(({ name, attribute }) => [attribute, name])).toEqual([
      [undefined, 'id'],
      ['', 'attributes.'],
      ['GEOM', 'GEOM_2'],
      ['ID', 'ID_2'],
      ['Id', 'Id_3'],
      ['a"b', 'a"b'],
      ['attributes.id', 'attributes.id'],
      ['fid', 'fid_2'],
      ['geom', 'geom_3'],
      ['id', 'attributes.attributes.id'],
      ['x\0y', 'x\ufffdy'],
      ['É', 'É'],
      ['é', 'é'],
    ]);
  });

  test('is described as the form asks it, of which records too', () => {
    const when = { type: ['PA', 'BU'] };
    const form = [{ name: 'floors', label: 'How many floors?', type: 'integer', when }];
    const [, floors] = tableColumns([field('id')], [KINDS.text], form, new Map([['floors', KINDS.integer]]));
    expect(floors).toEqual({ ...form[0], attribute: 'floors', columnType: 'INTEGER' });
  });

  test('is refused where there are more than SQLite can have', () => {
    const found = new Map(Array.from({ length: 2000 }, (_, i) => [`k${i}`, 0]));
    expect(() => tableColumns([field('id')], [KINDS.text], [], found)).toThrow('2001 different columns');
  });
});
