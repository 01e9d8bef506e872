import { comparisonDigits } from '../compare/digits.js';
import type { MetricComparison, Verdict } from '../compare/record.js';
import { needsInWords } from '../compare/verdict.js';
import { assertNever } from '../errors.js';
import { plural } from '../format.js';
import type { Decision, DecisionRecord, RuleOutcome } from '../gate/record.js';
import { metricKey, type Slice, sliceInWords } from '../metrics/metric.js';
import type { ModelFacts } from './facts.js';

/** The one line that a reader needs: an icon, a word, and why. Plain text; each sink escapes it. */
export interface Headline {
  readonly icon: string;
  /** `reject`, `the run failed`, `worse` … */
  readonly word: string;
  /** Empty when the word says it all. */
  readonly why: string;
  /** 0 is bad news, 1 needs somebody, 2 is fine: orders and unfolds sections. */
  readonly urgency: 0 | 1 | 2;
}

/** Icons never stand alone: the word is always beside them. */
export const DECISION_ICONS: Readonly<Record<Decision, string>> = {
  promote: '✅',
  hold: '⏸️',
  reject: '❌',
};

export const VERDICT_ICONS: Readonly<Record<Verdict, string>> = {
  better: '🟢',
  worse: '🔴',
  equal: '⚪',
  inconclusive: '🟡',
  changed: '🔵',
  new: '🔵',
  missing: '🟠',
  incomparable: '🟠',
};

export function headline(facts: ModelFacts): Headline {
  const { run, decision, comparison } = facts;
  if (!run || wasRefused(facts)) return withoutRun(facts);
  if (run.status === 'failed') {
    return { icon: '❌', word: 'the run failed', why: run.reason ?? 'no reason was recorded', urgency: 0 };
  }
  if (run.status === 'cancelled') {
    return { icon: '⏹️', word: 'the run was cancelled', why: run.reason ?? '', urgency: 0 };
  }
  if (decision) return ofDecision(decision, comparison?.metrics ?? []);
  if (!comparison) {
    return { icon: '🔵', word: 'measured', why: 'not yet compared with a baseline', urgency: 2 };
  }
  return ofComparison(comparison.verdict, facts);
}

/** The data was refused before anything was trained: there is no run, or one without a single seed. */
export function wasRefused({ run, validations }: ModelFacts): boolean {
  const trained = run !== undefined && (run.status === 'succeeded' || run.seeds.length > 0);
  return !trained && validations.some((validation) => !validation.valid);
}

function withoutRun(facts: ModelFacts): Headline {
  const invalid = facts.validations.filter((validation) => !validation.valid);
  if (invalid.length > 0) {
    const names = invalid.map((validation) => validation.dataset).join(', ');
    return { icon: '❌', word: 'not trained', why: `the data is not valid: ${names}`, urgency: 0 };
  }
  return { icon: '⚠️', word: 'no run', why: 'nothing was measured on this commit', urgency: 1 };
}

function ofDecision(decision: DecisionRecord, metrics: readonly MetricComparison[]): Headline {
  const { override } = decision;
  const base = {
    icon: DECISION_ICONS[decision.decision],
    word: decision.decision,
    urgency: urgencyOf(decision.decision),
  };
  if (override) {
    return {
      ...base,
      why: `${override.by} decided over the gate, which said ${override.was}: ${override.reason}`,
    };
  }
  const rules = decision.rules.filter((rule) => rule.outcome === decision.decision);
  switch (decision.decision) {
    case 'reject':
    case 'hold':
      return { ...base, why: firstAndCount(rules.map((rule) => ruleInShort(rule, metrics))) };
    case 'promote':
      return { ...base, why: whyPromote(rules, metrics) };
    default:
      return assertNever(decision.decision);
  }
}

function urgencyOf(decision: Decision): Headline['urgency'] {
  return decision === 'reject' ? 0 : decision === 'hold' ? 1 : 2;
}

/** What a rule that was not met comes to, in the words of its metric where it has one. */
function ruleInShort(rule: RuleOutcome, metrics: readonly MetricComparison[]): string {
  const metric = ruleMetric(rule, metrics);
  const { reason } = rule;
  if (metric?.verdict === 'worse' && rule.outcome === 'reject') return inShort(metric);
  if (metric?.verdict === 'inconclusive' && rule.outcome === 'hold') return inShort(metric);
  if (metric?.candidate?.value === null) {
    return `${metric.name}${forSlice(metric.slice)} has no value: ${metric.candidate.reason ?? metric.reason}`;
  }
  return `${rule.rule}${forSlice(rule.slice)}: ${reason}`;
}

export function ruleMetric(
  rule: RuleOutcome,
  metrics: readonly MetricComparison[],
): MetricComparison | undefined {
  const { metric: name, slice } = rule;
  if (name === null) return undefined;
  const key = metricKey({ name, split: null, slice });
  return metrics.find((metric) => metric.name === name && metricKey({ ...metric, split: null }) === key);
}

/** `worse for sex=Female: roc_auc −0.021`, `cannot tell about roc_auc (about 9 seeds each would settle it)`. */
function inShort(metric: MetricComparison): string {
  const { difference } = comparisonDigits(metric);
  switch (metric.verdict) {
    case 'worse':
    case 'better':
      return `${metric.verdict}${forSlice(metric.slice)}: ${metric.name} ${difference}`;
    case 'inconclusive':
      return `cannot tell about ${metric.name}${forSlice(metric.slice)}${whatItTakes(metric)}`;
    case 'missing':
    case 'incomparable':
    case 'new':
    case 'changed':
    case 'equal':
      return `${metric.name}${forSlice(metric.slice)}: ${metric.reason || metric.verdict}`;
    default:
      return assertNever(metric.verdict);
  }
}

/** Only where something would settle it: that nothing does is said in the table. */
function whatItTakes({ needs }: MetricComparison): string {
  return needs === null || (needs.seeds ?? needs.rows ?? needs.both) === null
    ? ''
    : `; ${needsInWords(needs)}`;
}

function whyPromote(rules: readonly RuleOutcome[], metrics: readonly MetricComparison[]): string {
  if (rules.length === 0) return 'the gate has no rules';
  const better = [...new Set(rules.map((rule) => ruleMetric(rule, metrics)))]
    .filter((metric) => metric !== undefined)
    .filter((metric) => metric.slice === null && metric.verdict === 'better')
    .map((metric) => `${metric.name} ${comparisonDigits(metric).difference}`);
  if (better.length > 0) return `better: ${better.slice(0, 3).join(', ')}`;
  return rules.length === 1
    ? (rules[0]?.reason ?? '')
    : `all ${plural(rules.length, 'rule')} of the gate are met`;
}

function ofComparison(verdict: Verdict, facts: ModelFacts): Headline {
  const metrics = facts.comparison?.metrics ?? [];
  const overall = metrics.filter((metric) => metric.slice === null && metric.verdict === verdict);
  const watched = overall.filter((metric) => facts.watched.includes(metric.name));
  const shown = watched.length > 0 ? watched : overall;
  const base = {
    icon: VERDICT_ICONS[verdict],
    word: verdict,
    urgency: verdict === 'worse' || verdict === 'missing' ? 0 : verdict === 'inconclusive' ? 1 : 2,
  } as const;
  switch (verdict) {
    case 'new':
      return { ...base, word: 'measured', why: 'there is no baseline to compare with' };
    case 'equal':
      return { ...base, why: 'nothing changed that matters' };
    case 'better':
    case 'worse':
      return {
        ...base,
        why: shown
          .slice(0, 3)
          .map((metric) => `${metric.name} ${comparisonDigits(metric).difference}`)
          .join(', '),
      };
    case 'inconclusive':
    case 'missing':
    case 'incomparable':
    case 'changed':
      return { ...base, why: firstAndCount(shown.map(inShort)) };
    default:
      return assertNever(verdict);
  }
}

function firstAndCount(reasons: readonly string[]): string {
  const [first = '', ...others] = reasons;
  return others.length === 0 ? first : `${first}, and ${plural(others.length, 'more reason')}`;
}

/** ` for sex=Female, race=Black`; empty for the whole. */
function forSlice(slice: Slice | null): string {
  return slice === null ? '' : ` for ${sliceInWords(slice)}`;
}
