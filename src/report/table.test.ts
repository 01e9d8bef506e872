import fc from 'fast-check';
import { expect, it } from 'vitest';
import { displayWidth, textTable } from './table.js';

it('counts the columns that a terminal uses', () => {
  expect(displayWidth('abc')).toBe(3);
  expect(displayWidth('日本')).toBe(4);
  expect(displayWidth('e\u0301')).toBe(1);
  expect(displayWidth('👩‍👩‍👧')).toBe(2);
  expect(displayWidth('❤️')).toBe(2);
  expect(displayWidth('−0.5 …')).toBe(6);
});

it('aligns by what is seen', () => {
  const table = textTable({
    columns: [{ title: 'name' }, { title: 'value', align: 'right' }],
    rows: [['日本', '1'], ['e\u0301a', '12.5'], ['\u001b[31mred\u001b[0m', '\u202e3'], ['short']],
  });
  expect(table.normalize('NFC')).toMatchInlineSnapshot(`
    "name       value
    日本           1
    éa          12.5
    red    \\u{202e}3
    short"
  `);
});

it('has one line per row, whatever the cells hold', () => {
  const cells = fc.array(
    fc.tuple(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ maxLength: 20 })),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(cells, (rows) => {
      const table = textTable({ columns: [{ title: 'a' }, { title: 'b' }], rows });
      expect(table.split('\n')).toHaveLength(rows.length + 1);
    }),
  );
});
