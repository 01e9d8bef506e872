import type { ComparisonRecord, MetricComparison } from '../compare/record.js';
import type { GateRule, MetricGateRule, Requirement } from '../config/model.js';
import type { ValidationRecord } from '../data/record.js';
import { assertNever } from '../errors.js';
import { formatBytes, formatNumber } from '../format.js';
import type { Slice } from '../metrics/metric.js';
import type { RunRecord } from '../runs/record.js';
import type { RuleFacts, RuleOutcome } from './record.js';

/** What the rules of a gate ask of a run and find: everything that they are judged by (judge.ts), and nothing else. */

export interface GateInput {
  readonly rules: readonly GateRule[];
  readonly run: RunRecord;
  readonly comparison: ComparisonRecord;
  /** The newest validation of each dataset on this commit. */
  readonly validations: readonly ValidationRecord[];
}

/** A rule that is not judged yet; one for each slice it looks at. */
export type Asked = Omit<RuleOutcome, 'outcome' | 'reason' | 'facts'> & { readonly facts: RuleFacts };

/** A run that did not succeed is asked nothing else. */
export function askedOf(input: GateInput): readonly Asked[] {
  const { run, rules } = input;
  if (run.status !== 'succeeded') {
    const facts = { kind: 'run', status: run.status, reason: run.reason } as const;
    return [{ rule: 'the run succeeded', metric: null, slice: null, facts }];
  }
  return rules.flatMap((rule) => {
    if ('metric' in rule) return askedOfMetric(rule, input.comparison);
    return ['validation' in rule ? askedOfValidation(rule, input) : askedOfSize(rule, run)];
  });
}

function askedOfMetric(rule: MetricGateRule, { metrics, baseline }: ComparisonRecord): readonly Asked[] {
  const named = metrics.filter((metric) => metric.name === rule.metric && isCovered(rule, metric.slice));
  const words = `${rule.metric} ${requirementInWords(rule.require)}`;
  const common = {
    kind: 'metric',
    require: rule.require,
    missing: rule.missing,
    baseline: { run: baseline.run, first: baseline.first, why: baseline.why },
  } as const;
  if (!named.some((metric) => metric.slice === null)) {
    const facts = { ...common, split: null, said: null };
    return [{ rule: words, metric: rule.metric, slice: null, facts }];
  }
  return named.map((metric) => ({
    rule: words,
    metric: rule.metric,
    slice: metric.slice,
    evidence: evidenceOf(metric),
    facts: {
      ...common,
      split: metric.split,
      said: {
        verdict: metric.verdict,
        reason: metric.reason,
        direction: metric.direction,
        undefined: metric.candidate?.value === null ? (metric.candidate.reason ?? null) : null,
      },
    },
  }));
}

function evidenceOf(metric: MetricComparison): NonNullable<RuleOutcome['evidence']> {
  return {
    candidate: metric.candidate?.value ?? null,
    baseline: metric.baseline?.value ?? null,
    difference: metric.difference,
    interval: metric.interval,
    tolerance: metric.tolerance,
    p: metric.p,
    p_adjusted: null,
    method: metric.method,
  };
}

function askedOfValidation(rule: Extract<GateRule, { validation: string }>, input: GateInput): Asked {
  const dataset = rule.validation;
  const used = input.run.data.find((data) => data.name === dataset)?.digest;
  const validation = input.validations.find(
    (record) => record.dataset === dataset && (used === undefined || record.digest === used),
  );
  const failed = (validation?.checks ?? []).filter((check) => !check.passed && check.severity === 'error');
  const found = validation
    ? {
        valid: validation.valid,
        rows: validation.rows,
        checks: validation.checks.length,
        failed: failed.map((check) => check.check),
      }
    : null;
  const facts = { kind: 'validation', dataset, missing: rule.missing, found } as const;
  return { rule: `dataset ${dataset} is valid`, metric: null, slice: null, facts };
}

function askedOfSize(rule: Extract<GateRule, { size: unknown }>, run: RunRecord): Asked {
  const models = run.artifacts.filter((artifact) => /^model(\.|$)/.test(artifact.name));
  const bytes = models.length === 0 ? null : Math.max(...models.map((artifact) => artifact.bytes));
  const facts = { kind: 'size', missing: rule.missing, max_bytes: rule.size.max, bytes } as const;
  return { rule: `the model is at most ${formatBytes(rule.size.max)}`, metric: null, slice: null, facts };
}

/** Whether the rule looks at this slice (null: at all rows, which every rule does). */
export function isCovered(rule: MetricGateRule, slice: Slice | null): boolean {
  if (slice === null || rule.slices === 'all') return true;
  if (rule.slices === 'none') return false;
  // `[sex]` covers the slices by sex; `sex, race` in one entry covers their intersection.
  const columns = Object.keys(slice).sort().join(', ');
  return rule.slices.some(
    (entry) =>
      entry
        .split(',')
        .map((part) => part.trim())
        .sort()
        .join(', ') === columns,
  );
}

function requirementInWords(require: Requirement): string {
  if (require === 'better') return 'better than the baseline';
  if (require === 'not-worse') return 'not worse than the baseline';
  if ('min' in require) return `at least ${formatNumber(require.min)}`;
  if ('max' in require) return `at most ${formatNumber(require.max)}`;
  if (!('change' in require)) return assertNever(require);
  const { comparison, sign, margin } = require.change;
  const amount =
    margin.kind === 'absolute' ? formatNumber(margin.amount) : `${formatNumber(margin.share * 100)} %`;
  return `changed by ${comparison} ${sign < 0 ? '−' : ''}${amount}`;
}
