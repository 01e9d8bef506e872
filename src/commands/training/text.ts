import type { ModelConfig } from '../../config/model.js';
import { formatBytes, formatNumber, formatSeconds, plural } from '../../format.js';
import type { Metric } from '../../metrics/metric.js';
import { HEADLINE_METRICS } from '../../metrics/score.js';
import { terminalText } from '../../report/escape.js';
import { textTable } from '../../report/table.js';
import type { RunRecord } from '../../runs/record.js';

/** A training as a person reads it at a terminal. */

const SHOWN_METRICS = 30;
const SHOWN_LOG_LINES = 10;

export function trainingText(run: RunRecord, model: ModelConfig): string {
  const overall = run.metrics.filter((metric) => metric.slice === null);
  const shown = worthShowing(overall, model);
  const seeds = run.seeds.length === 1 ? `seed ${run.seeds[0]?.seed}` : plural(run.seeds.length, 'seed');
  const took =
    run.seeds.length === 0 || run.seconds === null ? '' : ` (${formatSeconds(run.seconds)}, ${seeds})`;
  const lines = [
    `${run.model}: ${run.status}${took}${run.reason === null ? '' : `: ${terminalText(run.reason)}`}`,
    `  recorded as run ${run.id}${keptText(run)}`,
  ];
  if (run.status === 'failed') lines.push(...logLines(run));
  if (shown.length > 0) lines.push('', metricsTable(shown));
  const others = run.metrics.length - shown.length;
  if (others > 0) lines.push('', `${plural(others, 'more metric')} and slice values: assay show ${run.id}`);
  return lines.join('\n');
}

/** What the team wrote itself, and the headline of what was computed from the predictions. */
function worthShowing(overall: readonly Metric[], model: ModelConfig): readonly Metric[] {
  const { task, predictions } = model.evaluate ?? {};
  const headline: readonly string[] =
    task === 'binary' || task === 'multiclass' || task === 'regression' ? HEADLINE_METRICS[task] : [];
  const computed = overall.filter((metric) => predictions !== undefined && metric.source === predictions);
  const own = overall.filter((metric) => !computed.includes(metric));
  const first = headline.flatMap((name) => computed.find((metric) => metric.name === name) ?? []);
  return [...own, ...(first.length > 0 ? first : computed)].slice(0, SHOWN_METRICS);
}

function metricsTable(metrics: readonly Metric[]): string {
  const several = metrics.some((metric) => metric.seed_values !== null);
  return textTable({
    columns: [{ title: 'metric' }, { title: 'value' }, ...(several ? [{ title: 'over the seeds' }] : [])],
    rows: metrics.map((metric) => [metric.name, valueText(metric), ...(several ? [spread(metric)] : [])]),
  });
}

function valueText(metric: Metric): string {
  if (metric.value === null) return `none (${metric.reason ?? 'no reason given'})`;
  return formatNumber(metric.value);
}

function spread(metric: Metric): string {
  const values = (metric.seed_values ?? []).filter((value) => value !== null);
  if (values.length < 2) return '';
  return `${formatNumber(Math.min(...values))} to ${formatNumber(Math.max(...values))}`;
}

function keptText(run: RunRecord): string {
  const kept = run.artifacts.filter(({ name }) => !name.includes('.seed-'));
  if (kept.length === 0) return '';
  const few = kept.slice(0, 5).map(({ name, bytes }) => `${terminalText(name, 60)} (${formatBytes(bytes)})`);
  return `, with ${few.join(', ')}${kept.length > few.length ? ` and ${kept.length - few.length} more` : ''}`;
}

function logLines(run: RunRecord): readonly string[] {
  const last = run.log.tail.slice(-SHOWN_LOG_LINES);
  if (last.length === 0) return [];
  return ['', '  the log ends:', ...last.map((line) => `  | ${terminalText(line)}`)];
}
