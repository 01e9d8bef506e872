import { baselineInWords } from '../compare/baseline.js';
import { comparisonDigits } from '../compare/digits.js';
import type { MetricComparison } from '../compare/record.js';
import { formatNumber, plural } from '../format.js';
import { nameWithSlice } from '../metrics/metric.js';
import { terminalText } from './escape.js';
import type { ModelFacts, ReportFacts } from './facts.js';
import { type Headline, headline } from './headline.js';
import { countVerdicts, metricRows } from './rows.js';
import { textTable } from './table.js';

/** The report for a terminal: the same verdicts and reasons as the comment, without what is folded there. */
export function terminalReport(facts: ReportFacts, options: { readonly color: boolean }): string {
  if (facts.models.length === 0) return 'assay.yml declares no models\n';
  return `${facts.models.map((model) => modelReport(model, options.color)).join('\n\n')}\n`;
}

function modelReport(facts: ModelFacts, color: boolean): string {
  const { run, comparison } = facts;
  const line = headline(facts);
  const answer = `${facts.model}: ${line.word}${line.why === '' ? '' : ` — ${line.why}`}`;
  const parts = [`${line.icon} ${painted(terminalText(answer), { urgency: line.urgency, color })}`];
  if (run && run.status !== 'succeeded') {
    parts.push(...run.log.tail.slice(-10).map((text) => `  | ${terminalText(text, 200)}`));
  } else if (run) {
    parts.push(metricsTable(facts));
    if (comparison) {
      const words = terminalText(baselineInWords(comparison.baseline));
      parts.push(comparison.baseline.run === null ? words : `compared with ${words}`);
    }
  }
  parts.push(...gateLines(facts), ...dataLines(facts), ...remarks(facts));
  if (run) parts.push(`look closer: assay show ${run.id}`);
  return parts.filter((part) => part !== '').join('\n');
}

const COLORS: Readonly<Record<Headline['urgency'], string>> = { 0: '31', 1: '33', 2: '32' };

function painted(
  text: string,
  look: { readonly urgency: Headline['urgency']; readonly color: boolean },
): string {
  return look.color ? `\u001b[1;${COLORS[look.urgency]}m${text}\u001b[0m` : text;
}

function metricsTable(facts: ModelFacts): string {
  const { run, comparison } = facts;
  if (!comparison || comparison.baseline.run === null) {
    const overall = run?.metrics.filter((metric) => metric.slice === null) ?? [];
    return overall.length === 0
      ? 'no metric was measured'
      : textTable({
          columns: [{ title: 'metric' }, { title: 'this run', align: 'right' }],
          rows: overall
            .slice(0, 20)
            .map((metric) => [
              metric.name,
              metric.value === null
                ? `no value (${metric.reason ?? 'no reason recorded'})`
                : formatNumber(metric.value),
            ]),
        });
  }
  const { main, alarming, rest } = metricRows(facts);
  const hidden = [...main.slice(20), ...alarming.slice(5), ...rest];
  const table = textTable({
    columns: [
      { title: 'metric' },
      { title: 'baseline', align: 'right' },
      { title: 'this run', align: 'right' },
      { title: 'difference', align: 'right' },
      { title: '95 % interval', align: 'right' },
      { title: 'verdict' },
    ],
    rows: [...main.slice(0, 20), ...alarming.slice(0, 5)].map(metricRow),
  });
  return hidden.length === 0
    ? table
    : `${table}\n${plural(hidden.length, 'more metric')}: ${countVerdicts(hidden)}`;
}

function metricRow(metric: MetricComparison): readonly string[] {
  const { baseline, candidate, difference, interval } = comparisonDigits(metric);
  const name = nameWithSlice(metric.name, metric.slice);
  return [name, baseline, candidate, difference, interval, metric.verdict];
}

function gateLines(facts: ModelFacts): readonly string[] {
  const rules = facts.decision?.rules.filter((rule) => rule.outcome !== 'promote') ?? [];
  const lines = rules.slice(0, 5).map((rule) => {
    return `  ${rule.outcome}: ${terminalText(`${nameWithSlice(rule.rule, rule.slice)}: ${rule.reason}`)}`;
  });
  return rules.length > 5 ? [...lines, `  and ${plural(rules.length - 5, 'more rule')}`] : lines;
}

function dataLines(facts: ModelFacts): readonly string[] {
  return facts.validations.map((validation) => {
    const failed = validation.checks.filter((check) => !check.passed).length;
    const answer = validation.valid ? 'valid' : 'not valid';
    const count = `${failed === 0 ? 'all' : failed} of ${plural(validation.checks.length, 'check')} ${failed === 0 ? 'passed' : 'failed'}`;
    return `data ${terminalText(validation.dataset)}: ${answer}, ${count}, ${plural(validation.rows, 'row')}`;
  });
}

function remarks(facts: ModelFacts): readonly string[] {
  const warnings = [...new Set([...(facts.comparison?.warnings ?? []), ...(facts.run?.warnings ?? [])])];
  return warnings.slice(0, 5).map((warning) => `note: ${terminalText(warning, 300)}`);
}
