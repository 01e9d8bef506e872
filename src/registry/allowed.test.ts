import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '../gate/record.js';
import { newestDecision, objections, overriding } from './allowed.js';

const decision = (id: string, fields: Partial<DecisionRecord> = {}): DecisionRecord => ({
  schema: 'assay/decision@1',
  id: `${id}T000000000Z-00000001`,
  time: '2026-01-01T00:00:00.000Z',
  commit: null,
  actor: 'bot',
  trigger: { event: 'push', url: null, attempt: 1 },
  model: 'income',
  run: 'R1',
  comparison: null,
  decision: 'hold',
  rules: [],
  override: null,
  ...fields,
});

describe('decisions on a run', () => {
  it('the newest counts, of this run only', () => {
    const all = [
      decision('20260102'),
      decision('20260103'),
      decision('20260101'),
      decision('20260109', { run: 'R2' }),
    ];
    expect(newestDecision(all, 'R1')?.id).toContain('20260103');
    expect(newestDecision(all, 'R3')).toBeUndefined();
  });

  it('objections are the rules that did not say promote', () => {
    const rule = (
      outcome: 'promote' | 'hold',
      reason: string,
      slice: Record<string, string> | null = null,
    ) => ({
      rule: 'auc',
      metric: null,
      slice,
      outcome,
      reason,
    });
    const rules = [
      rule('promote', 'fine'),
      rule('hold', 'cannot tell'),
      rule('hold', 'nor here', { sex: 'Female' }),
    ];
    expect(objections(decision('20260101', { rules }))).toEqual([
      'auc: cannot tell',
      'auc for sex=Female: nor here',
    ]);
  });

  it('an override keeps what the rules said, also when it goes over an override', () => {
    const by = {
      reason: 'agreed',
      origin: { commit: null, actor: 'ada', trigger: { event: 'local', url: null, attempt: 1 } },
      stamp: { id: '20260104T000000000Z-00000002', time: '2026-01-04T00:00:00.000Z' },
    };
    const over = overriding(decision('20260101', { decision: 'reject' }), by);
    expect(over).toMatchObject({
      id: by.stamp.id,
      decision: 'promote',
      actor: 'ada',
      override: { by: 'ada', reason: 'agreed', was: 'reject' },
    });
    expect(overriding(over, by).override?.was).toBe('reject');
  });
});
