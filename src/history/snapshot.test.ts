import { expect, it } from 'vitest';
import type { History } from './port.js';
import type { AnyRecord } from './record.js';
import { selectRecords } from './select.js';
import { snapshotOf } from './snapshot.js';

it('lists once, until this process appends', async () => {
  const records: AnyRecord[] = [];
  let readings = 0;
  const history: History = {
    append: async (more) => {
      records.push(...more);
    },
    list: async () => {
      readings += 1;
      return [...records];
    },
    select: async (query) => selectRecords(records, query),
    find: async () => [],
  };
  const snapshot = snapshotOf(history);
  const record: AnyRecord = {
    schema: 'assay/run@1',
    id: '20260101T000000000Z-00000001',
    time: '2026-01-01T00:00:00.000Z',
    commit: null,
    actor: 'ada',
    trigger: { event: 'local', url: null, attempt: 1 },
    model: 'income',
  };
  expect(await snapshot.list({ kind: 'run', owner: 'income' })).toEqual([]);
  records.push(record);
  expect(await snapshot.list({ kind: 'run', owner: 'income' })).toEqual([]);
  expect(await snapshot.list({ kind: 'run' })).toHaveLength(1);
  await snapshot.append([{ ...record, id: '20260101T000000000Z-00000002' }]);
  expect(await snapshot.list({ kind: 'run', owner: 'income' })).toHaveLength(2);
  expect(readings).toBe(3);
});
