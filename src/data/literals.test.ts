import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DuckdbEngine, openDuckdb } from '../platform/duckdb/engine.js';
import { listLiteral, numberLiteral, textLiteral } from './literals.js';

let engine: DuckdbEngine;
beforeAll(async () => {
  engine = await openDuckdb({
    env: process.env,
    notice: () => undefined,
    cancel: new AbortController().signal,
  });
});
afterAll(() => engine.close());

test('any text stays the text it is, whatever SQL it looks like', async () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom("'", '"', '\\', '\0', ';', '-', '$', '\n', 'x', '😀') }),
    fc.constantFrom("'; DROP TABLE data; --", "\\'; SELECT 1", "$$'", "E'\\''"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 5 }), async (texts) => {
      const items = texts.map(textLiteral);
      // By its bytes: on reading, the client drops a leading byte order mark, which the engine has kept.
      const columns = items.map(
        (item, i) => `hex(${item}) AS v${i}, ${item} IN ${listLiteral(items)} AS i${i}`,
      );
      const [row] = await engine.query(`SELECT ${columns.join(', ')}`);
      expect(row).toEqual(
        Object.fromEntries(
          texts.flatMap((text, i) => [
            [`v${i}`, Buffer.from(text).toString('hex').toUpperCase()],
            [`i${i}`, true],
          ]),
        ),
      );
    }),
  );
});

test('any finite number stays the number it is', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
      async (value, whole) => {
        const [row] = await engine.query(
          `SELECT ${numberLiteral(value, 'DOUBLE')} AS d, ${numberLiteral(whole, 'HUGEINT')} AS h`,
        );
        expect(row?.d === value).toBe(true);
        expect(row?.h).toBe(BigInt(whole));
      },
    ),
  );
  expect(() => numberLiteral(Number.NaN, 'DOUBLE')).toThrow(/no SQL literal/);
});
