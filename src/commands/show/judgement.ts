import type { ComparisonRecord, MetricComparison } from '../../compare/record.js';
import { formatDifference, formatNumber, plural } from '../../format.js';
import { decideAgain } from '../../gate/decide.js';
import type { DecisionRecord } from '../../gate/record.js';
import { sliceInWords } from '../../metrics/metric.js';
import { metricValue } from '../records/known-record.js';
import { jsonOr, optional, section, table } from './sections.js';

export function comparisonSections(comparison: ComparisonRecord): readonly string[] {
  const { baseline, candidate } = comparison;
  const behind = baseline.behind ? `, ${plural(baseline.behind, 'commit')} behind` : '';
  return [
    ...section('Compared', [
      `candidate: run ${candidate.run} of commit ${candidate.commit ?? 'unknown'}`,
      baseline.run === null
        ? `baseline: none; ${baseline.why}`
        : `baseline: run ${baseline.run} of commit ${baseline.commit ?? 'unknown'}${behind}; ${baseline.why}`,
    ]),
    ...table(
      'Metrics',
      ['metric', 'slice', 'baseline', 'candidate', 'difference', 'interval', 'verdict', 'reason'],
      comparison.metrics.map(comparisonRow),
    ),
    ...table(
      'Parameters that differ',
      ['name', 'baseline', 'candidate'],
      comparison.params.map((param) => [param.name, jsonOr(param.baseline), jsonOr(param.candidate)]),
    ),
    ...table(
      'Costs',
      ['what', 'baseline', 'candidate'],
      comparison.costs.map((cost) => [
        cost.name,
        optional(cost.baseline, formatNumber),
        optional(cost.candidate, formatNumber),
      ]),
    ),
    ...section('Warnings', comparison.warnings),
  ];
}

function comparisonRow(metric: MetricComparison): readonly string[] {
  const [low, high] = metric.interval ?? [];
  const interval =
    low === undefined || high === undefined ? '' : `${formatDifference(low)} to ${formatDifference(high)}`;
  return [
    metric.split === null ? metric.name : `${metric.name}@${metric.split}`,
    sliceInWords(metric.slice),
    metric.baseline ? metricValue(metric.baseline) : '',
    metric.candidate ? metricValue(metric.candidate) : '',
    optional(metric.difference, (value) => formatDifference(value)),
    interval,
    metric.verdict,
    metric.reason,
  ];
}

export function decisionSections(decision: DecisionRecord): readonly string[] {
  const { override } = decision;
  return [
    ...table(
      'Rules',
      ['rule', 'slice', 'says', 'reason'],
      decision.rules.map((rule) => [rule.rule, sliceInWords(rule.slice), rule.outcome, rule.reason]),
    ),
    ...table(
      'Evidence',
      [
        'metric',
        'slice',
        'baseline',
        'this run',
        '95 % of the difference',
        'tolerance',
        'p',
        'after Holm',
        'method',
      ],
      decision.rules.flatMap(({ metric, slice, evidence }) =>
        metric === null || !evidence
          ? []
          : [
              [
                metric,
                sliceInWords(slice),
                optional(evidence.baseline, formatNumber),
                optional(evidence.candidate, formatNumber),
                optional(
                  evidence.interval,
                  ([low, high]) => `${formatDifference(low)} to ${formatDifference(high)}`,
                ),
                formatNumber(evidence.tolerance, 3),
                optional(evidence.p, (p) => formatNumber(p, 3)),
                optional(evidence.p_adjusted, (p) => formatNumber(p, 3)),
                evidence.method,
              ],
            ],
      ),
    ),
    ...section('Rests on', [
      `run ${decision.run}`,
      decision.comparison === null
        ? 'no comparison: no rule needed one'
        : `comparison ${decision.comparison}`,
    ]),
    ...(override
      ? section('Decided by a person', [`${override.by} over ${override.was}: ${override.reason}`])
      : []),
    ...section('Decided again from this record alone', againLines(decision)),
  ];
}

function againLines(record: DecisionRecord): readonly string[] {
  const { decision, differences } = decideAgain(record);
  if (decision === null) return ['cannot be: an older Assay wrote it and did not keep what the rules found'];
  if (differences.length === 0) return [`${decision}, with every rule and reason as recorded`];
  return ['it does NOT agree with what is recorded:', ...differences];
}
