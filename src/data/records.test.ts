import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LONGEST_RECORD, RecordSplitter } from './records.js';

interface Split {
  readonly header: string | null;
  readonly copy: string;
  readonly rows: readonly number[];
  readonly rejected: readonly { line: number; lines: number; reason: string }[];
  readonly blank: number;
}

/** Splits a text given in chunks of the sizes, over and over. */
function split(text: string, options: { delimiter?: string | null; chunks?: readonly number[] } = {}): Split {
  const bytes = Buffer.from(text);
  const written: Buffer[] = [];
  const rows: number[] = [];
  const rejected: { line: number; lines: number; reason: string }[] = [];
  let header: string | null = null;
  const splitter = new RecordSplitter({
    delimiter: options.delimiter === undefined ? ',' : options.delimiter,
    write: (part) => written.push(Buffer.from(part)),
    header: ({ content }) => {
      header = Buffer.from(content).toString();
    },
    row: (line) => rows.push(line),
    reject: (refused) => rejected.push(refused),
  });
  const sizes = options.chunks ?? [bytes.length || 1];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    splitter.push(bytes.subarray(at, at + size));
    at += size;
  }
  splitter.end();
  return { header, copy: Buffer.concat(written).toString(), rows, rejected, blank: splitter.blankLines };
}

/** Lines as an editor counts them, without the empty one after the last line break. */
function physicalLines(text: string): number {
  const lines = text.split(/\r\n|\r|\n/);
  return lines.at(-1) === '' ? lines.length - 1 : lines.length;
}

describe('CSV records', () => {
  test.each([
    ['LF', 'a,b\n1,2\n3,4\n', '1,2\n3,4\n', [2, 3]],
    ['no line break at the end', 'a,b\n1,2\n3,4', '1,2\n3,4\n', [2, 3]],
    ['CRLF', 'a,b\r\n1,2\r\n3,4\r\n', '1,2\n3,4\n', [2, 3]],
    ['lone CR', 'a,b\r1,2\r3,4', '1,2\n3,4\n', [2, 3]],
    ['all of them', 'a,b\r\n1,2\n3,4\r5,6\r\n', '1,2\n3,4\n5,6\n', [2, 3, 4]],
    ['blank lines', 'a,b\n\n1,2\n\r\n\n3,4\n\n', '1,2\n3,4\n', [3, 6]],
    ['a quoted line break', 'a,b\n"x\ny",2\n3,4\n', '"x\ny",2\n3,4\n', [2, 4]],
    ['a quoted CRLF', 'a,b\r\n"x\r\ny",2\r\n3,4\r\n', '"x\r\ny",2\n3,4\n', [2, 4]],
    ['doubled quotes', 'a,b\n"x""\n""y",2\n3,4\n', '"x""\n""y",2\n3,4\n', [2, 4]],
    ['a quote inside an unquoted field', 'a,b\n5" pipe,2\n3,4\n', '5" pipe,2\n3,4\n', [2, 3]],
    ['a header only', 'a,b\n', '', []],
    ['nothing', '', '', []],
  ])('%s', (_, text, copy, rows) => {
    const found = split(text);
    expect(found).toMatchObject({ copy, rows, rejected: [] });
    for (const size of [1, 2, 3]) expect(split(text, { chunks: [size] })).toEqual(found);
  });

  test.each([
    ['a field too few', 'a,b\n1\n3,4\n', { line: 2, lines: 1, reason: 'it has 1 field, not 2' }],
    ['a field too many', 'a,b\n1,2,3\n3,4\n', { line: 2, lines: 1, reason: 'it has 3 fields, not 2' }],
    [
      'text after a quote',
      'a,b\n"1"x,2\n3,4\n',
      { line: 2, lines: 1, reason: 'text follows a closing quote' },
    ],
    ['a NUL byte', 'a,b\n1\0,2\n3,4\n', { line: 2, lines: 1, reason: 'it holds a NUL byte' }],
    ['ragged over two lines', 'a,b\n"1\n2"\n3,4\n', { line: 2, lines: 2, reason: 'it has 1 field, not 2' }],
  ])('refuses %s and reads on', (_, text, refused) => {
    const found = split(text);
    expect(found.rejected).toEqual([refused]);
    expect(found.copy).toBe('3,4\n');
    for (const size of [1, 2, 5]) expect(split(text, { chunks: [size] })).toEqual(found);
  });

  test('an unclosed quote takes every line after it, and says on which line it was opened', () => {
    const found = split('a,b\n1,2\n3,"4\n5,6\n7,8\n');
    expect(found.rows).toEqual([2]);
    expect(found.rejected).toEqual([
      { line: 3, lines: 3, reason: 'the quote opened on line 3 is never closed' },
    ]);
  });

  test('a record longer than the limit is refused without being kept in memory', () => {
    const long = `a,b\n1,${'x'.repeat(LONGEST_RECORD)}\n3,4\n`;
    const found = split(long, { chunks: [1024 * 1024] });
    expect(found.rejected).toEqual([{ line: 2, lines: 1, reason: 'it is longer than 16 MiB' }]);
    expect(found.copy).toBe('3,4\n');
  });

  test('agrees with csv-parse on whatever a CSV writer writes', () => {
    const field = fc.string({
      unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'é', '😀'),
      maxLength: 6,
    });
    const table = fc
      .integer({ min: 2, max: 4 })
      .chain((width) =>
        fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
      );
    const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(
        table,
        fc.constantFrom('\n', '\r\n'),
        fc.array(fc.nat({ max: 6 }), { minLength: 1 }),
        (rows, eol, sizes) => {
          const header = (rows[0] ?? []).map((_, i) => `c${i}`).join(',');
          const text = [header, ...rows.map((row) => row.map(quoted).join(','))].join(eol);
          const found = split(text, { chunks: sizes.map((size) => size + 1) });
          expect(found.rejected).toEqual([]);
          expect(parse(found.copy, { record_delimiter: '\n' })).toEqual(rows);
          // The line of each row by the definition: one more than the line breaks before it.
          let line = 2;
          const expected = rows.map((row) => {
            const at = line;
            line += physicalLines(`${row.map(quoted).join(',')}\n`);
            return at;
          });
          expect(found.rows).toEqual(expected);
        },
      ),
    );
  });

  test('counts every line of any text exactly once: header, rows, rejected or blank', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', '\0', 'é'), maxLength: 60 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 7 }), (body, size) => {
        const whole = `h,i\n${body}`;
        const found = split(whole);
        expect(split(whole, { chunks: [size] })).toEqual(found);
        const rejected = found.rejected.reduce((sum, { lines }) => sum + lines, 0);
        const kept = physicalLines(found.copy);
        expect(1 + kept + rejected + found.blank).toBe(physicalLines(whole));
        expect(parse(found.copy, { record_delimiter: '\n', relax_quotes: true })).toHaveLength(
          found.rows.length,
        );
      }),
      { numRuns: 500 },
    );
  });
});

test('without a delimiter every line is a record, and control characters are refused', () => {
  const found = split('{"a":1}\r\n\n{"b":"\x01"}\n{"c":\t"x,y"}', { delimiter: null });
  expect(found.header).toBeNull();
  expect(found.copy).toBe('{"a":1}\n{"c":\t"x,y"}\n');
  expect(found.rows).toEqual([1, 4]);
  expect(found.rejected).toEqual([
    { line: 3, lines: 1, reason: 'it holds a control character, which JSON does not allow' },
  ]);
});
