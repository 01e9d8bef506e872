import { describe, expect, it } from 'vitest';
import { memoryHistory } from '../../tests/fakes/history.js';
import { memoryTags } from '../../tests/fakes/releases.js';
import { type Move, moveStage } from './move.js';
import type { StageRecord, VersionRecord } from './record.js';
import { stageOf } from './stages.js';

const origin = { commit: null, actor: 'ada', trigger: { event: 'local', url: null, attempt: 1 } };
const version = (number: string): VersionRecord => ({
  schema: 'assay/version@1',
  id: '20260101T000000000Z-00000001',
  time: '2026-01-01T00:00:00.000Z',
  ...origin,
  commit: number.replace(/\D/g, '').padEnd(40, '0'),
  model: 'income',
  version: number,
  tag: `income@v${number}`,
  run: '20260101T000000000Z-00000000',
  decision: null,
  assets: [],
  url: null,
});

function bench(tags = memoryTags()) {
  let made = 0;
  const history = memoryHistory();
  const stamp = () => {
    made += 1;
    return { id: `2026010${made}T000000000Z-0000000${made}`, time: `2026-01-0${made}T00:00:00.000Z` };
  };
  const move = (to: VersionRecord | null, changes: Partial<Move> = {}) =>
    moveStage(
      { history, tags, stamp, origin },
      {
        model: 'income',
        stage: 'prod',
        to,
        action: 'promote',
        decision: null,
        reason: null,
        ...changes,
        records: history.records as unknown as StageRecord[],
      },
    );
  return { history, tags, move };
}

describe('moveStage', () => {
  it('numbers the moves, says what was replaced, and tags the commit of the version', async () => {
    const { tags, move } = bench();
    await move(version('1.0.0'));
    const second = await move(version('1.1.0'), { decision: 'D', reason: 'better' });
    expect(second).toMatchObject({
      number: 2,
      tag: 'income#prod#2',
      version: '1.1.0',
      replaces: '1.0.0',
      decision: 'D',
      reason: 'better',
    });
    expect(Object.fromEntries(tags.all)).toEqual({
      'income#prod#1': version('1.0.0').commit,
      'income#prod#2': version('1.1.0').commit,
    });
  });

  it('empties a stage by a tag that GTO understands', async () => {
    const { history, move } = bench();
    await move(version('1.0.0'));
    const emptied = await move(null, { action: 'rollback', reason: 'health check' });
    expect(emptied).toMatchObject({
      tag: 'income#prod!#2',
      version: null,
      replaces: '1.0.0',
      commit: version('1.0.0').commit,
    });
    expect(stageOf(history.records as unknown as StageRecord[], 'prod').live).toBe(null);
  });

  it('passes over numbers that tags have taken', async () => {
    const tags = memoryTags({
      'income#prod#6': 'x',
      'income#prod!#7': 'x',
      'income#prod2#40': 'x',
      'income#prod': 'x',
    });
    const { move } = bench(tags);
    expect((await move(version('1.0.0'))).tag).toBe('income#prod#8');
  });

  it('records nothing when the tag is refused', async () => {
    const { history, move } = bench({
      ...memoryTags(),
      create: async () => Promise.reject(new Error('taken')),
    } as never);
    await expect(move(version('1.0.0'))).rejects.toThrow('taken');
    expect(history.records).toEqual([]);
  });
});
