import { compareRuns, type PairedEvidence } from '../../src/compare/compare.js';
import type { BaselineChoice, ComparisonRecord } from '../../src/compare/record.js';
import { gateRule } from '../../src/config/model.js';
import type { CheckResult, ValidationRecord } from '../../src/data/record.js';
import { decide } from '../../src/gate/decide.js';
import type { DecisionRecord } from '../../src/gate/record.js';
import { type Metric, metricKey, type Slice } from '../../src/metrics/metric.js';
import type { ModelFacts, ReportFacts } from '../../src/report/facts.js';
import type { RunRecord } from '../../src/runs/record.js';
import { metricOf, runOf } from './run.js';

/** Records of the model `income` as the verbs would have made them, for reports. */

const HEAD = 'b'.repeat(40);
export const BASE = '0123456789abcdef0123456789abcdef01234567';
const envelope = (id: string) => ({
  id,
  time: '2026-01-02T00:00:00.000Z',
  commit: HEAD,
  actor: 'ada',
  trigger: { event: 'pull_request', url: null, attempt: 1 },
});

export interface Row {
  readonly name?: string;
  readonly slice?: Slice;
  readonly before: number | null;
  readonly after: number | null;
  /** Standard error of the paired difference. */
  readonly error?: number;
  readonly direction?: Metric['direction'];
  readonly seeds?: readonly (number | null)[];
  readonly reason?: string;
}

export const MERGE_BASE: BaselineChoice = {
  run: '20260101T000000000Z-00000001',
  commit: BASE,
  why: 'merge base with main',
  first: false,
  behind: 0,
};
export const NO_BASELINE: BaselineChoice = {
  run: null,
  commit: null,
  why: 'this is the first run of this model',
  first: true,
  behind: null,
};

/** A run, its comparison and its decision, all made by the domain itself from a few rows of numbers. */
export function modelOf(given: {
  readonly rows: readonly Row[];
  readonly gate?: readonly unknown[];
  readonly baseline?: BaselineChoice;
  readonly run?: Partial<RunRecord>;
  readonly before?: Partial<RunRecord>;
  readonly validations?: readonly ValidationRecord[];
  readonly tolerance?: number;
  readonly trend?: ModelFacts['trend'];
}): ModelFacts {
  const metric = (row: Row, value: number | null, seeds?: readonly (number | null)[]) =>
    metricOf(row.name ?? 'roc_auc', value, {
      slice: row.slice ?? null,
      direction: row.direction ?? 'higher',
      seed_values: seeds ? [...seeds] : null,
      ...(row.reason === undefined || value !== null ? {} : { reason: row.reason }),
    });
  const run = runOf({
    id: '20260102T000000000Z-00000002',
    commit: HEAD,
    metrics: given.rows.map((row) => metric(row, row.after, row.seeds)),
    ...given.run,
  });
  const baseline = given.baseline ?? MERGE_BASE;
  const before = runOf({
    metrics: given.rows.filter((row) => row.before !== null).map((row) => metric(row, row.before)),
    ...given.before,
  });
  const rules = (given.gate ?? [{ metric: 'roc_auc', slices: 'all' }]).map((rule) => gateRule.parse(rule));
  const names = rules.flatMap((rule) => ('metric' in rule ? [rule.metric] : []));
  const comparison = comparisonOf({
    run,
    before: baseline.run === null ? undefined : before,
    baseline,
    evidence: pairedBy(given.rows, (row) => metricKey(metric(row, 0))),
    watched: names,
    tolerance: given.tolerance ?? 0.002,
  });
  const validations = given.validations ?? [];
  return {
    model: run.model,
    run,
    comparison,
    decision: decisionOf({ run, ...decide({ rules, run, comparison, validations }) }),
    validations,
    watched: names,
    ...(given.trend === undefined ? {} : { trend: given.trend }),
  };
}

function pairedBy(rows: readonly Row[], key: (row: Row) => string): PairedEvidence {
  const known = rows.filter((row) => row.error !== undefined);
  return {
    kind: 'paired',
    byMetric: new Map(
      known.map((row) => [
        key(row),
        { standardError: row.error ?? 0, rows: 10_000, degreesOfFreedom: 10_000, method: 'paired rows' },
      ]),
    ),
  };
}

function comparisonOf(given: {
  readonly run: RunRecord;
  readonly before: RunRecord | undefined;
  readonly baseline: BaselineChoice;
  readonly evidence: PairedEvidence;
  readonly watched: readonly string[];
  readonly tolerance: number;
}): ComparisonRecord {
  const result = compareRuns({
    candidate: given.run,
    baseline: given.before,
    evidence: given.evidence,
    rules: { roc_auc: { tolerance: { kind: 'absolute', amount: given.tolerance } } },
    watched: new Set(given.watched),
  });
  return {
    schema: 'assay/comparison@1',
    ...envelope('20260102T000000000Z-00000003'),
    model: given.run.model,
    candidate: { run: given.run.id, commit: given.run.commit },
    baseline: given.baseline,
    ...result,
  };
}

export function decisionOf(
  given: Omit<Partial<DecisionRecord>, 'run'> &
    Pick<DecisionRecord, 'decision' | 'rules'> & { readonly run: RunRecord },
): DecisionRecord {
  return {
    schema: 'assay/decision@1',
    ...envelope('20260102T000000000Z-00000004'),
    model: given.run.model,
    comparison: null,
    override: null,
    ...given,
    run: given.run.id,
  };
}

export function validationOf(
  checks: readonly Partial<CheckResult>[],
  fields: Partial<ValidationRecord> = {},
): ValidationRecord {
  const results = checks.map((check) => ({ ...PASSED, ...check }));
  return {
    schema: 'assay/validation@1',
    ...envelope('20260102T000000000Z-00000005'),
    dataset: 'adult',
    source: 'data/adult.csv',
    digest: 'd'.repeat(64),
    rows: 48_842,
    rejected: 0,
    columns: [],
    valid: results.every((check) => check.passed || check.severity === 'warn'),
    checks: results,
    seconds: 0.4,
    ...fields,
  };
}

const PASSED: CheckResult = {
  check: 'age: between 17 and 90',
  column: 'age',
  passed: true,
  severity: 'error',
  failing: 0,
  total: 48_842,
  rows: [],
  rows_are: 'lines',
  detail: null,
};

export function reportOf(models: readonly ModelFacts[], fields: Partial<ReportFacts> = {}): ReportFacts {
  return { key: 'all', commit: HEAD, version: '0.1.0', url: null, models, ...fields };
}
