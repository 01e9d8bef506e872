import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { History } from './port.js';
import { readRecord, readRecordOf, readRecords } from './read.js';
import { type AnyRecord, envelope, newRecordId, recordKind, recordPath } from './record.js';
import { selectRecords } from './select.js';
import { idFromPath, parseStored, placeRecord } from './stored.js';

const acceptance = z.object({
  schema: z.literal('assay/acceptance@1'),
  ...envelope,
  model: z.string(),
  reason: z.string(),
});

function recordOf(number: number, fields: Partial<AnyRecord> = {}): AnyRecord {
  const time = new Date(Date.UTC(2026, 0, 1, 0, 0, number));
  return {
    schema: 'assay/acceptance@1',
    id: newRecordId(time, Uint8Array.of(0, 0, 0, number)),
    time: time.toISOString(),
    commit: null,
    actor: 'ada',
    trigger: { event: 'local', url: null, attempt: 1 },
    model: 'income',
    reason: 'new data',
    ...fields,
  };
}

function holding(records: readonly AnyRecord[]): History {
  return {
    append: async () => {},
    list: async ({ kind }) => records.filter((record) => recordKind(record) === kind),
    select: async (query) => selectRecords(records, query),
    find: async (prefix) => records.filter((record) => record.id.startsWith(prefix)),
  };
}

describe('reading with a schema', () => {
  test('what does not parse is left out and told with the reason', async () => {
    const records = [recordOf(3), recordOf(2, { schema: 'assay/acceptance@2' }), recordOf(1, { reason: 7 })];
    const told: string[] = [];
    const read = await readRecords(holding(records), { kind: 'acceptance' }, acceptance, {
      onUnreadable: (record, why) => told.push(`${record.id.slice(-1)} ${why}`),
    });
    expect(read.map((record) => record.id)).toEqual([records[0]?.id]);
    expect(told[0]).toBe('2 assay/acceptance@2 was written by a newer version of Assay');
    expect(told[1]).toMatch(/^1 reason: /);
  });

  test('one record by the beginning of its id; none and several are said', async () => {
    const [one, two] = [recordOf(1), recordOf(2, { model: undefined, schema: 'assay/run@1' })];
    const history = holding([one, two]);
    expect(await readRecord(history, one.id.slice(0, 15))).toBe(one);
    await expect(readRecord(history, '1999')).rejects.toThrow(/no record whose id starts with "1999"/);
    await expect(readRecord(history, '2026')).rejects.toThrow(
      `2 records start with "2026": ${one.id} (acceptance of income), ${two.id} (run)`,
    );
  });

  test('of a kind: others of the same beginning do not count, and a wrong kind is named', async () => {
    const [one, two] = [recordOf(1), recordOf(2, { schema: 'assay/run@1' })];
    const history = holding([one, two]);
    const expected = { kind: 'acceptance', schema: acceptance } as const;
    expect(await readRecordOf(history, '2026', expected)).toMatchObject({ id: one.id });
    await expect(readRecordOf(history, two.id, expected)).rejects.toThrow(
      /is a record of kind run, not acceptance/,
    );
    const broken = holding([recordOf(1, { reason: null })]);
    await expect(readRecordOf(broken, '2026', expected)).rejects.toThrow(/cannot be read: reason/);
  });
});

describe('records as files', () => {
  test('what is placed is read back from its path, and from no other', () => {
    const record = recordOf(1);
    const { path, text } = placeRecord(record);
    expect(path).toBe(`acceptances/income/2026/01/01/${record.id}.json`);
    expect(parseStored(path, text)).toEqual({ record });
    expect(parseStored(path.replace('income', 'churn'), text)).toEqual({
      problem: 'its content belongs to another path',
    });
    expect(parseStored(path, text.slice(0, -5))).toEqual({ problem: 'it is not JSON' });
    expect(parseStored(path, '[]')).toEqual({ problem: 'it is not a record' });
  });

  test.each(['../x', 'a/b', 'A', '', '.git', 'x'.repeat(70)])('an owner %j never becomes a path', (model) => {
    expect(() => placeRecord(recordOf(1, { model }))).toThrow(/must not be stored/);
    expect(idFromPath(recordPath(recordOf(1, { model })))).toBeUndefined();
  });
});
