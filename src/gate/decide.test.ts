import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metricOf, runOf } from '../../tests/fakes/run.js';
import { compareRuns } from '../compare/compare.js';
import type { ComparisonRecord } from '../compare/record.js';
import { type GateRule, gateRule } from '../config/model.js';
import type { ValidationRecord } from '../data/record.js';
import { metricKey, type Slice } from '../metrics/metric.js';
import type { RunRecord } from '../runs/record.js';
import { decideAgain, decide as decideOnce } from './decide.js';
import type { GateInput } from './facts.js';
import { mostCautious } from './judge.js';
import { overrideBy } from './override.js';
import { decisionRecord } from './record.js';

interface Row {
  readonly slice?: Slice;
  readonly before: number | null;
  readonly after: number | null;
  /** Standard error of the paired difference. */
  readonly error?: number;
}

/** A comparison of one metric, overall and by slice. */
function compared(
  rows: readonly Row[],
  tolerance?: number,
): { run: RunRecord; comparison: ComparisonRecord } {
  const metric = (row: Row, value: number | null) => metricOf('roc_auc', value, { slice: row.slice ?? null });
  const run = runOf({
    metrics: rows.filter((row) => row.after !== null).map((row) => metric(row, row.after)),
  });
  const baseline = runOf({
    metrics: rows.filter((row) => row.before !== null).map((row) => metric(row, row.before)),
  });
  const errors = rows.flatMap((row) =>
    row.error === undefined
      ? []
      : [
          [
            metricKey(metric(row, 0)),
            { standardError: row.error, rows: 10_000, degreesOfFreedom: 10_000, method: 'paired rows' },
          ] as const,
        ],
  );
  const result = compareRuns({
    candidate: run,
    baseline,
    evidence: { kind: 'paired', byMetric: new Map(errors) },
    rules: tolerance === undefined ? {} : { roc_auc: { tolerance: { kind: 'absolute', amount: tolerance } } },
    watched: new Set(['roc_auc']),
  });
  return { run, comparison: { ...envelope, ...result } };
}

const envelope = {
  schema: 'assay/comparison@1' as const,
  id: '20260101T000000000Z-00000003',
  time: '2026-01-01T00:00:00.000Z',
  commit: null,
  actor: 'ada',
  trigger: { event: 'local', url: null, attempt: 1 },
  model: 'income',
  candidate: { run: '2', commit: null },
  baseline: { run: '1', commit: null, why: 'merge base with main', first: false, behind: 0 },
};

/** Every decision of these tests must follow again from its record, as the history gives it back. */
function decide(input: GateInput) {
  const decided = decideOnce(input);
  const record = recordOf(decided);
  expect(decideAgain(record)).toEqual({ decision: decided.decision, differences: [] });
  expect(record.rules).toEqual(decided.rules);
  return decided;
}

function recordOf(decided: ReturnType<typeof decideOnce>) {
  const { candidate, baseline, verdict, metrics, params, data, costs, warnings, ...common } = {
    ...compared([]).comparison,
  };
  const record = {
    ...common,
    ...decided,
    schema: 'assay/decision@1',
    run: '2',
    comparison: '3',
    override: null,
  };
  return decisionRecord.parse(JSON.parse(JSON.stringify(record)));
}

function gate(rule: unknown, rows: readonly Row[], tolerance?: number) {
  return decide({ rules: [gateRule.parse(rule)], ...compared(rows, tolerance), validations: [] });
}

describe('require: not-worse', () => {
  const rule = { metric: 'roc_auc', require: 'not-worse' };

  it('promotes what is proven not worse beyond the tolerance', () => {
    const { decision, rules } = gate(rule, [{ before: 0.9, after: 0.9, error: 0.0005 }], 0.002);
    expect(decision).toBe('promote');
    expect(rules[0]?.rule).toBe('roc_auc not worse than the baseline');
  });

  it('promotes when better and equal cannot be told apart, but worse is ruled out', () => {
    const { decision, rules } = gate(rule, [{ before: 0.9, after: 0.9015, error: 0.0015 }], 0.002);
    expect(decision).toBe('promote');
    expect(rules[0]?.reason).toContain('at worst within the tolerance');
  });

  it('holds when it cannot tell', () => {
    const { decision, rules } = gate(rule, [{ before: 0.9, after: 0.899, error: 0.002 }], 0.002);
    expect(decision).toBe('hold');
    expect(rules[0]?.reason).toContain('cannot tell');
  });

  it('rejects what is worse', () => {
    expect(gate(rule, [{ before: 0.9, after: 0.88, error: 0.002 }], 0.002).decision).toBe('reject');
  });

  it('rejects one slice that is worse although the whole is better', () => {
    const rows = [
      { before: 0.9, after: 0.91, error: 0.001 },
      { slice: { sex: 'Female' }, before: 0.93, after: 0.91, error: 0.002 },
      { slice: { sex: 'Male' }, before: 0.88, after: 0.9, error: 0.002 },
    ];
    const { decision, rules } = gate({ ...rule, slices: 'all' }, rows, 0.002);
    expect(decision).toBe('reject');
    expect(rules.map((outcome) => [outcome.slice, outcome.outcome])).toEqual([
      [null, 'promote'],
      [{ sex: 'Female' }, 'reject'],
      [{ sex: 'Male' }, 'promote'],
    ]);
    expect(gate(rule, rows, 0.002).decision).toBe('promote');
    expect(gate({ ...rule, slices: ['race'] }, rows, 0.002).decision).toBe('promote');
  });

  it('holds for a slice too small to tell', () => {
    const rows = [
      { before: 0.9, after: 0.9, error: 0.0005 },
      { slice: { race: 'Other' }, before: 0.9, after: 0.87, error: 0.04 },
    ];
    expect(gate({ ...rule, slices: 'all' }, rows, 0.002).decision).toBe('hold');
  });

  it('does not reject for one of many slices that is worse by chance', () => {
    const slices = Array.from({ length: 19 }, (_, i) => ({
      slice: { country: `c${i}` },
      before: 0.9,
      after: i === 0 ? 0.88 : 0.9,
      error: 0.0095,
    }));
    const { decision, rules } = gate(
      { ...rule, slices: 'all' },
      [{ before: 0.9, after: 0.9, error: 0.0001 }, ...slices],
      0.002,
    );
    expect(decision).toBe('hold');
    expect(rules.some((outcome) => outcome.outcome === 'reject')).toBe(false);
  });
});

describe('the record', () => {
  it('has the numbers that explain the decision, adjusted over all rules of the gate', () => {
    const rows = [
      { before: 0.9, after: 0.894, error: 0.002 },
      { slice: { sex: 'Female' }, before: 0.9, after: 0.9, error: 0.002 },
    ];
    const { rules } = gate({ metric: 'roc_auc', slices: 'all' }, rows, 0.001);
    const [evidence] = rules.map((rule) => rule.evidence);
    expect(evidence).toMatchObject({
      candidate: 0.894,
      baseline: 0.9,
      tolerance: 0.001,
      method: 'paired rows',
    });
    expect(evidence?.interval?.[1]).toBeLessThan(0);
    expect(evidence?.p_adjusted).toBeCloseTo(2 * (evidence?.p ?? 0), 12);
  });
});

describe('require: better, min, max, change', () => {
  it('better holds for equal and for cannot tell, and rejects worse', () => {
    const rule = { metric: 'roc_auc', require: 'better' };
    expect(gate(rule, [{ before: 0.9, after: 0.92, error: 0.002 }]).decision).toBe('promote');
    expect(gate(rule, [{ before: 0.9, after: 0.9, error: 0.0001 }], 0.01).decision).toBe('hold');
    expect(gate(rule, [{ before: 0.9, after: 0.901, error: 0.002 }]).decision).toBe('hold');
    expect(gate(rule, [{ before: 0.9, after: 0.88, error: 0.002 }]).decision).toBe('reject');
  });

  it('min and max look at the value alone', () => {
    expect(
      gate({ metric: 'roc_auc', require: { min: 0.85 } }, [{ before: null, after: 0.85 }]).decision,
    ).toBe('promote');
    expect(
      gate({ metric: 'roc_auc', require: { min: 0.85 } }, [{ before: null, after: 0.84 }]).decision,
    ).toBe('reject');
    expect(gate({ metric: 'roc_auc', require: { max: 0.2 } }, [{ before: null, after: 0.3 }]).decision).toBe(
      'reject',
    );
  });

  it.each([
    ['>= -1%', 0.899, 'promote'],
    ['>= -1%', 0.88, 'reject'],
    ['>= -1%', 0.8915, 'hold'],
    ['> 0.005', 0.92, 'promote'],
    ['<= 0.01', 0.95, 'reject'],
  ])('change %s to %d: %s', (change, after, decision) => {
    expect(
      gate({ metric: 'roc_auc', require: { change } }, [{ before: 0.9, after, error: 0.001 }]).decision,
    ).toBe(decision);
  });
});

describe('what is missing', () => {
  it.each(['hold', 'reject', 'ignore'])('follows missing: %s', (missing) => {
    const expected = missing === 'ignore' ? 'promote' : missing;
    expect(gate({ metric: 'f1', missing }, [{ before: 0.9, after: 0.9 }]).decision).toBe(expected);
    expect(gate({ metric: 'roc_auc', missing }, [{ before: null, after: 0.9 }]).decision).toBe(expected);
  });

  it('promotes the first run of all: there is nothing to be worse than', () => {
    const { run, comparison } = compared([{ before: null, after: 0.9 }]);
    const first = {
      run: null,
      commit: null,
      why: 'this is the first run of this model',
      first: true,
      behind: null,
    };
    const decided = decide({
      rules: [gateRule.parse({ metric: 'roc_auc' })],
      run,
      comparison: { ...comparison, baseline: first },
      validations: [],
    });
    expect(decided.decision).toBe('promote');
    expect(decided.rules[0]?.reason).toBe('nothing to be worse than: this is the first run of this model');
  });

  it('rejects a run that failed, whatever it measured', () => {
    const { run, comparison } = compared([{ before: 0.9, after: 0.99, error: 0.001 }]);
    const failed = { ...run, status: 'failed' as const, reason: 'the command exited with 1' };
    expect(decide({ rules: [], run: failed, comparison, validations: [] })).toEqual({
      decision: 'reject',
      rules: [
        expect.objectContaining({ outcome: 'reject', reason: 'the run failed: the command exited with 1' }),
      ],
    });
  });
});

describe('validation and size', () => {
  const { run, comparison } = compared([{ before: 0.9, after: 0.9 }]);
  const validation = (fields: Partial<ValidationRecord>): ValidationRecord => ({
    ...envelope,
    schema: 'assay/validation@1',
    dataset: 'adult',
    source: 'adult.csv',
    digest: 'd1',
    rows: 100,
    rejected: 0,
    columns: [],
    valid: true,
    checks: [],
    seconds: 0,
    ...fields,
  });
  const decided = (rule: GateRule, validations: readonly ValidationRecord[], over: Partial<RunRecord> = {}) =>
    decide({ rules: [rule], run: { ...run, ...over }, comparison, validations }).decision;

  it('believes only a validation of the data that the run used', () => {
    const rule = gateRule.parse({ validation: 'adult' });
    const data = [{ name: 'adult', digest: 'd1', rows: 100 }];
    expect(decided(rule, [validation({})], { data })).toBe('promote');
    expect(decided(rule, [validation({ valid: false })], { data })).toBe('reject');
    expect(decided(rule, [validation({ digest: 'other' })], { data })).toBe('hold');
    expect(decided(rule, [], { data })).toBe('hold');
  });

  it('weighs the largest model', () => {
    const rule = gateRule.parse({ size: { max: '1MB' } });
    const model = (name: string, bytes: number) => ({ name, path: name, digest: 'a'.repeat(64), bytes });
    expect(decided(rule, [], { artifacts: [model('model', 10)] })).toBe('promote');
    expect(decided(rule, [], { artifacts: [model('model', 10), model('model.seed-2', 2e6)] })).toBe('reject');
    expect(decided(rule, [], { artifacts: [model('log', 2e6)] })).toBe('hold');
  });
});

describe('a decision from its record alone', () => {
  const decided = decideOnce({
    rules: [gateRule.parse({ metric: 'roc_auc', require: 'not-worse', slices: 'all' })],
    ...compared([
      { before: 0.9, after: 0.9, error: 0.0005 },
      { slice: { sex: 'Female' }, before: 0.9, after: 0.86, error: 0.001 },
    ]),
    validations: [],
  });
  const record = recordOf(decided);

  it('agrees, also beside an override', () => {
    const override = overrideBy({ actor: 'ada', reason: 'known', was: 'reject' });
    expect(decideAgain({ ...record, decision: 'promote', override })).toEqual({
      decision: 'reject',
      differences: [],
    });
  });

  it('says what does not follow from the numbers', () => {
    const rules = record.rules.map((rule) => ({ ...rule, outcome: 'promote' as const }));
    const { decision, differences } = decideAgain({ ...record, rules, decision: 'promote' });
    expect(decision).toBe('reject');
    expect(differences).toHaveLength(3);
    expect(differences[2]).toBe('promote is recorded, and reject follows from the rules');
  });

  it('is not made up where an older record did not keep what the rules found', () => {
    const rules = record.rules.map(({ facts, ...rule }) => rule);
    expect(decideAgain({ ...record, rules })).toEqual({ decision: null, differences: [] });
  });

  it('is never overridden by nobody', () => {
    const by = (actor: string) => () => overrideBy({ actor, reason: 'r', was: 'hold' });
    expect(by('unknown')).toThrow('nobody known');
    expect(by('github-actions[bot]')).toThrow('needs a person');
  });
});

it('the most cautious outcome wins, in any order', () => {
  const outcomes = fc.array(fc.constantFrom('promote' as const, 'hold' as const, 'reject' as const));
  fc.assert(
    fc.property(outcomes, (all) => {
      const expected = all.includes('reject') ? 'reject' : all.includes('hold') ? 'hold' : 'promote';
      expect(mostCautious(all)).toBe(expected);
      expect(mostCautious([...all].reverse())).toBe(expected);
    }),
  );
});
