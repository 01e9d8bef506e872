import { LEVEL } from '../compare/difference.js';
import type { ComparisonRecord, MetricComparison } from '../compare/record.js';
import { confidenceInWords, gainInterval } from '../compare/verdict.js';
import type { MetricGateRule, Requirement } from '../config/model.js';
import type { ChangeBound } from '../config/quantities.js';
import { assertNever } from '../errors.js';
import { formatDifference, formatNumber } from '../format.js';
import type { Slice } from '../metrics/metric.js';
import { holm } from '../statistics/multiplicity.js';
import { missing, outcome } from './outcome.js';
import type { Decision, RuleOutcome } from './record.js';

/**
 * One metric rule, for the whole and for its slices. `not-worse` is a test of non-inferiority (the interval must stay
 * above minus the tolerance), `better` of superiority (it must stay above 0). All slices must pass, which needs
 * no correction for their number (an intersection-union test: Berger 1982); to reject because of one of many does, so
 * rejecting uses Holm's adjustment over all that the gate compares, and otherwise holds.
 * @param adjusted Holm-adjusted p-values of `gatedMetrics`
 */
export function metricOutcomes(
  rule: MetricGateRule,
  comparison: ComparisonRecord,
  adjusted: ReadonlyMap<MetricComparison, number>,
): RuleOutcome[] {
  const named = comparison.metrics.filter(
    (metric) => metric.name === rule.metric && isCovered(rule, metric.slice),
  );
  const words = `${rule.metric} ${requirementInWords(rule.require)}`;
  if (!named.some((metric) => metric.slice === null)) {
    return [missing(rule.missing, words, `the run has no metric ${rule.metric}`, { metric: rule.metric })];
  }
  return named.map((metric) => {
    const p = adjusted.get(metric) ?? 1;
    const subject = { metric: rule.metric, slice: metric.slice, evidence: evidenceOf(metric, p) };
    if (metric.candidate?.value === null || metric.candidate === null) {
      return missing(rule.missing, words, metric.candidate?.reason ?? metric.reason, subject);
    }
    const [decision, reason] = judgeMetric({ rule, metric, comparison, p });
    return decision === 'missing'
      ? missing(rule.missing, words, reason, subject)
      : outcome(words, decision, reason, subject);
  });
}

/** The p-values of everything that rules about change look at, adjusted together. */
export function gateAdjusted(
  rules: readonly MetricGateRule[],
  comparison: ComparisonRecord,
): ReadonlyMap<MetricComparison, number> {
  const changes = rules.filter(({ require }) => typeof require === 'string');
  const gated = comparison.metrics.filter(
    (metric) =>
      metric.p !== null &&
      changes.some((rule) => rule.metric === metric.name && isCovered(rule, metric.slice)),
  );
  const adjusted = holm(gated.map((metric) => metric.p ?? 1));
  return new Map(gated.map((metric, index) => [metric, adjusted[index] ?? 1]));
}

function evidenceOf(metric: MetricComparison, pAdjusted: number): NonNullable<RuleOutcome['evidence']> {
  return {
    candidate: metric.candidate?.value ?? null,
    baseline: metric.baseline?.value ?? null,
    difference: metric.difference,
    interval: metric.interval,
    tolerance: metric.tolerance,
    p: metric.p,
    p_adjusted: metric.p === null ? null : pAdjusted,
    method: metric.method,
  };
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

interface Question {
  readonly rule: MetricGateRule;
  readonly metric: MetricComparison;
  readonly comparison: ComparisonRecord;
  /** Holm-adjusted over all that the gate compares. */
  readonly p: number;
}
type Answer = readonly [Decision | 'missing', string];

function judgeMetric(question: Question): Answer {
  const { require } = question.rule;
  const value = question.metric.candidate?.value ?? Number.NaN;
  if (typeof require === 'object' && 'min' in require) {
    return [value >= require.min ? 'promote' : 'reject', `it is ${formatNumber(value)}`];
  }
  if (typeof require === 'object' && 'max' in require) {
    return [value <= require.max ? 'promote' : 'reject', `it is ${formatNumber(value)}`];
  }
  return withoutComparison(question) ?? compared(question, require);
}

/** A rule about change where there is nothing to compare with. */
function withoutComparison({ metric, comparison }: Question): Answer | undefined {
  if (comparison.baseline.run === null && comparison.baseline.first) {
    return ['promote', `nothing to be worse than: ${comparison.baseline.why}`];
  }
  switch (metric.verdict) {
    case 'new':
    case 'missing':
    case 'incomparable':
      return ['missing', comparison.baseline.run === null ? comparison.baseline.why : metric.reason];
    case 'changed':
      return ['hold', `no direction is known; add metrics.rules.${metric.name}.direction`];
    case 'better':
    case 'worse':
    case 'equal':
    case 'inconclusive':
      return undefined;
    default:
      return assertNever(metric.verdict);
  }
}

function compared(question: Question, require: Requirement): Answer {
  if (typeof require === 'object') {
    return 'change' in require
      ? changeWithin(question.metric, require.change)
      : ['missing', 'unknown requirement'];
  }
  const { metric } = question;
  if (require === 'better' && metric.verdict === 'better') return ['promote', metric.reason];
  if (require === 'not-worse' && isProvenNotWorse(metric)) return ['promote', provenInWords(metric)];
  if (metric.verdict === 'worse') {
    return metric.p === null || question.p <= 1 - LEVEL
      ? ['reject', metric.reason]
      : ['hold', `${metric.reason}; among this many slices one such difference is expected by chance`];
  }
  if (require === 'better' && metric.verdict === 'equal') return ['hold', `not better: ${metric.reason}`];
  return ['hold', cannotTell(metric)];
}

function isProvenNotWorse(metric: MetricComparison): boolean {
  if (metric.verdict === 'better' || metric.verdict === 'equal') return true;
  if (metric.interval === null || metric.direction === 'none') return false;
  return gainInterval(metric.interval, metric.direction)[0] >= -metric.tolerance;
}

function provenInWords(metric: MetricComparison): string {
  if (metric.verdict !== 'inconclusive' || metric.interval === null) return metric.reason;
  return `${confidenceInWords(metric.interval)}: at worst within the tolerance of ${formatNumber(metric.tolerance, 3)}`;
}

function cannotTell(metric: MetricComparison): string {
  const lacksTolerance = metric.interval !== null && metric.tolerance === 0;
  return lacksTolerance
    ? `${metric.reason}; a tolerance (metrics.rules.${metric.name}.tolerance) says what loss does not matter`
    : metric.reason;
}

/** A bound on the change: certain when the whole interval is on one side of it, else it is held. */
function changeWithin(metric: MetricComparison, bound: ChangeBound): Answer {
  const limit =
    bound.sign *
    (bound.margin.kind === 'absolute'
      ? bound.margin.amount
      : bound.margin.share * Math.abs(metric.baseline?.value ?? 0));
  const holds = (change: number) => {
    switch (bound.comparison) {
      case '>=':
        return change >= limit;
      case '>':
        return change > limit;
      case '<=':
        return change <= limit;
      case '<':
        return change < limit;
      default:
        return assertNever(bound.comparison);
    }
  };
  const change = metric.difference ?? Number.NaN;
  const [low, high] = metric.interval ?? [change, change];
  const words = metric.interval
    ? confidenceInWords(metric.interval)
    : `${formatDifference(change)}, no uncertainty known`;
  if (holds(low) && holds(high)) return ['promote', words];
  return holds(low) || holds(high) ? ['hold', `cannot tell: ${words}`] : ['reject', words];
}

export function requirementInWords(require: Requirement): string {
  if (require === 'better') return 'better than the baseline';
  if (require === 'not-worse') return 'not worse than the baseline';
  if ('min' in require) return `at least ${formatNumber(require.min)}`;
  if ('max' in require) return `at most ${formatNumber(require.max)}`;
  const { comparison, sign, margin } = require.change;
  const amount =
    margin.kind === 'absolute' ? formatNumber(margin.amount) : `${formatNumber(margin.share * 100)} %`;
  return `changed by ${comparison} ${sign < 0 ? '−' : ''}${amount}`;
}
