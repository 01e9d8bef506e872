import { LEVEL } from '../compare/difference.js';
import { confidenceInWords, gainInterval } from '../compare/verdict.js';
import type { ChangeBound } from '../config/quantities.js';
import { assertNever } from '../errors.js';
import { formatDifference, formatNumber } from '../format.js';
import type { Answer } from './judge.js';
import type { RuleEvidence, RuleFacts } from './record.js';

/**
 * One metric rule, for the whole or for a slice. `not-worse` is a test of non-inferiority (the interval must stay
 * above minus the tolerance), `better` of superiority (it must stay above 0). All slices must pass, which needs
 * no correction for their number (an intersection-union test: Berger 1982); to reject because of one of many does, so
 * rejecting uses Holm's adjustment over all that the gate compares, and otherwise holds.
 */
export function judgeMetric(asked: {
  readonly name: string;
  readonly facts: MetricFacts;
  readonly evidence: RuleEvidence | undefined;
  /** Holm-adjusted over all that the gate compares. */
  readonly p: number;
}): Answer {
  const { name, facts, evidence, p } = asked;
  const { require, said } = facts;
  if (said === null || evidence === undefined) return ['missing', `the run has no metric ${name}`];
  const value = evidence.candidate;
  if (value === null) return ['missing', said.undefined ?? said.reason];
  if (typeof require === 'object' && 'min' in require) {
    return [value >= require.min ? 'promote' : 'reject', `it is ${formatNumber(value)}`];
  }
  if (typeof require === 'object' && 'max' in require) {
    return [value <= require.max ? 'promote' : 'reject', `it is ${formatNumber(value)}`];
  }
  const nothing = withoutComparison(name, facts.baseline, said);
  if (nothing) return nothing;
  if (typeof require === 'object') return changeWithin(evidence, require.change);
  return compared({ name, require, said, evidence, p });
}

type MetricFacts = Extract<RuleFacts, { kind: 'metric' }>;
type Said = NonNullable<MetricFacts['said']>;

/** A rule about change where there is nothing to compare with. */
function withoutComparison(name: string, baseline: MetricFacts['baseline'], said: Said): Answer | undefined {
  if (baseline.run === null && baseline.first) {
    return ['promote', `nothing to be worse than: ${baseline.why}`];
  }
  switch (said.verdict) {
    case 'new':
    case 'missing':
    case 'incomparable':
      return ['missing', baseline.run === null ? baseline.why : said.reason];
    case 'changed':
      return ['hold', `no direction is known; add metrics.rules.${name}.direction`];
    case 'better':
    case 'worse':
    case 'equal':
    case 'inconclusive':
      return undefined;
    default:
      return assertNever(said.verdict);
  }
}

function compared(of: {
  readonly name: string;
  readonly require: 'better' | 'not-worse';
  readonly said: Said;
  readonly evidence: RuleEvidence;
  readonly p: number;
}): Answer {
  const { require, said, evidence } = of;
  if (require === 'better' && said.verdict === 'better') return ['promote', said.reason];
  if (require === 'not-worse' && isProvenNotWorse(said, evidence)) {
    return ['promote', provenInWords(said, evidence)];
  }
  if (said.verdict === 'worse') {
    return evidence.p === null || of.p <= 1 - LEVEL
      ? ['reject', said.reason]
      : ['hold', `${said.reason}; among this many slices one such difference is expected by chance`];
  }
  if (require === 'better' && said.verdict === 'equal') return ['hold', `not better: ${said.reason}`];
  return ['hold', cannotTell(of.name, said, evidence)];
}

function isProvenNotWorse({ verdict, direction }: Said, { interval, tolerance }: RuleEvidence): boolean {
  if (verdict === 'better' || verdict === 'equal') return true;
  if (interval === null || direction === 'none') return false;
  return gainInterval(interval, direction)[0] >= -tolerance;
}

function provenInWords({ verdict, reason }: Said, { interval, tolerance }: RuleEvidence): string {
  if (verdict !== 'inconclusive' || interval === null) return reason;
  return `${confidenceInWords(interval)}: at worst within the tolerance of ${formatNumber(tolerance, 3)}`;
}

function cannotTell(name: string, { reason }: Said, { interval, tolerance }: RuleEvidence): string {
  return interval !== null && tolerance === 0
    ? `${reason}; a tolerance (metrics.rules.${name}.tolerance) says what loss does not matter`
    : reason;
}

/** A bound on the change: certain when the whole interval is on one side of it, else it is held. */
function changeWithin(evidence: RuleEvidence, bound: ChangeBound): Answer {
  const limit =
    bound.sign *
    (bound.margin.kind === 'absolute'
      ? bound.margin.amount
      : bound.margin.share * Math.abs(evidence.baseline ?? 0));
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
  const change = evidence.difference ?? Number.NaN;
  const [low, high] = evidence.interval ?? [change, change];
  const words = evidence.interval
    ? confidenceInWords(evidence.interval)
    : `${formatDifference(change)}, no uncertainty known`;
  if (holds(low) && holds(high)) return ['promote', words];
  return holds(low) || holds(high) ? ['hold', `cannot tell: ${words}`] : ['reject', words];
}
