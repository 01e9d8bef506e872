import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockOf, decodeBlock, encodeBlock } from './block.js';
import { compareValues, type FieldValue } from './condition.js';
import type { AddField } from './fields.js';
import { selectRows } from './select.js';

interface Fields {
  readonly id: string;
  readonly x: FieldValue;
}

const value = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  // As JSON has them: finite, and no -0.
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  fc.constantFrom<FieldValue>(null, undefined, 'a', 'b', true),
);
const rows = fc
  .uniqueArray(fc.integer({ min: 0, max: 9999 }), { maxLength: 60 })
  .chain((ids) =>
    fc.tuple(...ids.map((id) => value.map((x): Fields => ({ id: String(id).padStart(4, '0'), x })))),
  );
const addFields = ({ id, x }: Fields, add: AddField) => {
  add('id', id);
  if (x !== undefined) add('x', x);
};

test('the first so many are those of the whole list sorted, in whatever blocks the rows are', () => {
  fc.assert(
    fc.property(rows, fc.nat(70), fc.boolean(), fc.nat(60), (all, limit, descending, cut) => {
      const blocks = [all.slice(0, cut), all.slice(cut)].map((part) => blockOf(part, addFields));
      const sorted = [...all].sort(
        (a, b) => compareValues(a.x, b.x, descending) || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0),
      );
      const order = { field: 'x', descending };
      const selection = selectRows(blocks, { order, limit: limit + 1 });
      expect(selection.rows.map((row) => [row.id, row.get('x')])).toEqual(
        sorted.slice(0, limit + 1).map(({ id, x }) => [id, x]),
      );
      expect(selection).toMatchObject({ total: all.length, found: all.length });
    }),
  );
});

test('more rows than are kept at once: the best of all are found', () => {
  const many = Array.from({ length: 5000 }, (_, number) => ({
    id: String(number).padStart(5, '0'),
    x: (number * 7919) % 5000,
  }));
  const query = { order: { field: 'x', descending: true }, limit: 3 };
  const { rows: best } = selectRows([blockOf(many, addFields)], query);
  expect(best.map((row) => row.get('x'))).toEqual([4999, 4998, 4997]);
  const newest = selectRows([blockOf(many, addFields)], { limit: 2 });
  expect(newest.rows.map((row) => row.id)).toEqual(['04999', '04998']);
});

test('a block comes back from its bytes as it was, null and absent told apart', () => {
  fc.assert(
    fc.property(rows, (all) => {
      const block = blockOf(all, addFields);
      const { header, payload } = encodeBlock(block);
      const back = decodeBlock(header, (offset, bytes) => payload.subarray(offset, offset + bytes));
      expect(back.names).toEqual(block.names);
      for (const name of block.names) expect(back.column(name)).toEqual(block.column(name));
    }),
  );
});
