import { createHash } from 'node:crypto';
import { metricKey } from '../metrics/metric.js';
import type { ModelFacts, ReportFacts } from './facts.js';
import { headline } from './headline.js';

/**
 * A digest (16 hex digits) of what a report answers: words, verdicts, outcomes of rules and checks. Numbers, times and ids
 * are left out, so that a second run that comes to the same is not news.
 */
export function saidBy(facts: ReportFacts): string {
  const text = JSON.stringify(facts.models.map(answers));
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function answers(facts: ModelFacts): unknown {
  const { word } = headline(facts);
  return [
    facts.model,
    word,
    facts.run?.status ?? null,
    facts.comparison?.baseline.commit ?? null,
    (facts.comparison?.metrics ?? []).map((metric) => [metricKey(metric), metric.verdict]).sort(),
    (facts.decision?.rules ?? []).map((rule) => [rule.rule, rule.slice, rule.outcome]),
    facts.validations.map((one) => [
      one.dataset,
      one.valid,
      one.checks.filter((check) => !check.passed).map((check) => check.check),
    ]),
  ];
}
