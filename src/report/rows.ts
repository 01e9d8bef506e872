import type { MetricComparison, Verdict } from '../compare/record.js';
import type { DecisionRecord } from '../gate/record.js';
import type { ModelFacts } from './facts.js';
import { ruleMetric } from './headline.js';

/** Which metrics are shown where, and in which order: what needs a person comes first. */

const SEVERITY: Readonly<Record<Verdict, number>> = {
  worse: 0,
  missing: 1,
  incomparable: 2,
  inconclusive: 3,
  changed: 4,
  better: 5,
  new: 6,
  equal: 7,
};

export interface MetricRows {
  /** Overall metrics that the gate and the rules name; all overall ones when they name none. */
  readonly main: readonly MetricComparison[];
  /** Slices that are worse, missing, or why the gate did not promote: worst first. */
  readonly alarming: readonly MetricComparison[];
  /** Everything else, worst first. */
  readonly rest: readonly MetricComparison[];
}

/** Without rules the table at first sight is no longer than this. */
const MAIN_WITHOUT_RULES = 8;

export function metricRows(facts: ModelFacts): MetricRows {
  const metrics = facts.comparison?.metrics ?? [];
  const blamed = blamedBy(facts.decision, metrics);
  // What the gate stumbled over, then what the team watches, then all the others.
  const interest = (metric: MetricComparison) =>
    blamed.has(metric) ? 2 : facts.watched.includes(metric.name) ? 1 : 0;
  const ordered = [...metrics].sort((a, b) => interest(b) - interest(a) || bySeverity(a, b));
  const overall = metrics.filter((metric) => metric.slice === null);
  const watched = overall.filter((metric) => facts.watched.includes(metric.name));
  const main = new Set(
    watched.length > 0
      ? [...watched, ...overall.filter((metric) => blamed.has(metric))]
      : ordered.filter((metric) => metric.slice === null).slice(0, MAIN_WITHOUT_RULES),
  );
  const alarming = new Set(
    ordered.filter((metric) => metric.slice !== null && (metric.verdict === 'worse' || blamed.has(metric))),
  );
  return {
    main: [...main],
    alarming: [...alarming],
    rest: ordered.filter((metric) => !main.has(metric) && !alarming.has(metric)),
  };
}

/** Metrics that a rule of the gate did not promote for. */
function blamedBy(
  decision: DecisionRecord | undefined,
  metrics: readonly MetricComparison[],
): ReadonlySet<MetricComparison> {
  const against = decision?.rules.filter((rule) => rule.outcome !== 'promote') ?? [];
  return new Set(against.map((rule) => ruleMetric(rule, metrics)).filter((metric) => metric !== undefined));
}

/** By verdict; then the largest change in proportion to the baseline; then as the run has them (the sort is stable). */
function bySeverity(a: MetricComparison, b: MetricComparison): number {
  return SEVERITY[a.verdict] - SEVERITY[b.verdict] || change(b) - change(a);
}

function change(metric: MetricComparison): number {
  if (metric.difference === null) return 0;
  const baseline = Math.abs(metric.baseline?.value ?? 0);
  return Math.abs(metric.difference) / (baseline || 1);
}

/** `2 better, 1 worse, 21 equal`, the most pressing first. */
export function countVerdicts(metrics: readonly MetricComparison[]): string {
  const verdicts = (Object.keys(SEVERITY) as Verdict[]).sort((a, b) => SEVERITY[a] - SEVERITY[b]);
  return verdicts
    .map((verdict) => ({ verdict, count: metrics.filter((metric) => metric.verdict === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${verdict}`)
    .join(', ');
}
