import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compactedFiles, readCompacted } from './compacted.js';
import { fromLine, toLine } from './line.js';
import { type AnyRecord, recordPath } from './record.js';
import { parseStored, recordText } from './stored.js';

const base: AnyRecord = {
  schema: 'assay/run@1',
  id: '20260101T000000000Z-00000001',
  time: '2026-01-01T00:00:00.000Z',
  commit: null,
  actor: 'ada',
  trigger: { event: 'local', url: null, attempt: 1 },
  model: 'income',
};

const fields = fc.dictionary(
  fc
    .string({ unit: 'binary', maxLength: 6 })
    .filter((name) => !Object.hasOwn(base, name) && !['dataset', '__proto__'].includes(name)),
  fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }),
  { maxKeys: 4, noNullPrototype: true },
);
/** As Assay writes it, and as a person or another program may. */
const bytes = fc.tuple(fields, fc.constantFrom('own', 'short', 'tabs', 'twice', 'number', 'reversed'));

function textOf(own: object, form: string): string {
  const record = { ...base, ...own };
  switch (form) {
    case 'own':
      return recordText(record);
    case 'short':
      return JSON.stringify(record);
    case 'tabs':
      return `${JSON.stringify(record, null, '\t')}\r\n`;
    case 'twice':
      return JSON.stringify(record).replace('{', '{"actor":"eve",');
    case 'number':
      return JSON.stringify(record).replace(/}$/, ',"x":1.0,"y":1e999,"z":-0}');
    default:
      return recordText(Object.fromEntries(Object.entries(record).reverse()) as AnyRecord);
  }
}

test('a record of any bytes is one line, and comes back as it was', () => {
  fc.assert(
    fc.property(bytes, ([own, form]) => {
      const text = textOf(own, form);
      const path = recordPath(base);
      const parsed = parseStored(path, text);
      if ('problem' in parsed) throw new Error(parsed.problem);
      const stored = { path, text, record: parsed.record };
      const line = toLine(stored);
      expect(line).not.toContain('\n');
      const back = fromLine(line);
      if ('problem' in back) throw new Error(back.problem);
      expect({ path: back.path, text: back.text, record: back.record }).toEqual(stored);
      // The file of a month is made of the same lines.
      const [file] = compactedFiles([stored]);
      expect(readCompacted(file?.text ?? '').records.map((one) => one.text)).toEqual([text]);
    }),
  );
});

test.each(['', '{', 'null', '[]', '"x"', '{"schema":"assay/run@1"}', '{"path":"../x","text":"{}"}'])(
  '%j is no record, and says why',
  (line) => expect(fromLine(line)).toEqual({ problem: expect.stringMatching(/^it(s content)? /) }),
);
