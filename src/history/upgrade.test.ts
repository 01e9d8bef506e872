import { describe, expect, test } from 'vitest';
import type { AnyRecord } from './record.js';
import { editionOf, isNewer, newestVersion, schemaOf, type Upgrade, upgraded } from './upgrade.js';

const record = (schema: string, fields: object = {}): AnyRecord => ({
  schema,
  id: '20260101T000000000Z-00000001',
  time: '2026-01-01T00:00:00.000Z',
  commit: null,
  actor: 'ada',
  trigger: { event: 'local', url: null, attempt: 1 },
  ...fields,
});

/** Two steps of a known kind, and one of a kind that this version does not have. */
const UPGRADES: readonly Upgrade[] = [
  { kind: 'run', from: 2, apply: ({ minutes, ...rest }) => ({ ...rest, seconds: 60 * Number(minutes) }) },
  { kind: 'run', from: 1, apply: ({ took, ...rest }) => ({ ...rest, minutes: took }) },
  { kind: 'alert', from: 1, apply: (old) => ({ ...old, level: 'high' }) },
];

describe('older records', () => {
  test.each([
    ['assay/run@1', { took: 2 }],
    ['assay/run@2', { minutes: 2 }],
    ['assay/run@3', { seconds: 120 }],
  ])('%s is read as the newest, step by step, whatever the order of the steps', (schema, fields) => {
    const old = record(schema, fields);
    const frozen = JSON.stringify(old);
    expect(upgraded(old, UPGRADES)).toEqual(record('assay/run@3', { seconds: 120 }));
    expect(JSON.stringify(old)).toBe(frozen);
  });

  test('a kind is as new as its last step; without any it is at version 1', () => {
    expect(newestVersion('run', UPGRADES)).toBe(3);
    expect(newestVersion('alert', UPGRADES)).toBe(2);
    expect(newestVersion('stage', UPGRADES)).toBe(1);
    expect(upgraded(record('assay/stage@1'), UPGRADES)).toEqual(record('assay/stage@1'));
  });

  test('an index of other upgrades is another', () => {
    expect(editionOf(UPGRADES)).toBe(editionOf(UPGRADES.toReversed()));
    expect(editionOf(UPGRADES)).not.toBe(editionOf(UPGRADES.slice(1)));
    expect(editionOf([])).not.toMatch(/\s/);
  });
});

describe('newer records', () => {
  test.each([
    ['assay/run@4', true],
    ['assay/run@3', false],
    ['assay/stage@2', true],
    ['assay/prophecy@1', true],
    ['assay/alert@2', false],
  ])('%s: %j', (schema, newer) => {
    expect(isNewer({ schema }, UPGRADES)).toBe(newer);
  });

  test('are left as they are', () => {
    const newer = record('assay/run@9', { took: 2 });
    expect(upgraded(newer, UPGRADES)).toBe(newer);
    expect(schemaOf(newer)).toEqual({ kind: 'run', version: 9 });
  });
});
