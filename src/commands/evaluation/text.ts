import type { EvaluateConfig } from '../../config/model.js';
import { formatNumber, plural } from '../../format.js';
import { type Metric, metricKey, type Slice, sliceInWords } from '../../metrics/metric.js';
import { HEADLINE_METRICS } from '../../metrics/score.js';
import { terminalText } from '../../report/escape.js';
import { textTable } from '../../report/table.js';
import type { RunRecord } from '../../runs/record.js';

/** An evaluation as a person reads it at a terminal: metrics over all rows, then a line for each slice. */

/** Metrics shown beside each other for the slices. */
const SLICE_COLUMNS = 4;

export function evaluationText(
  run: RunRecord,
  options: { readonly all: boolean; readonly task: EvaluateConfig['task'] },
): string {
  const overall = run.metrics.filter((metric) => metric.slice === null);
  const shown = options.all ? overall : headline(overall, options.task);
  const files = [...new Set(overall.map((metric) => metric.source ?? ''))].join(', ');
  const rows = overall[0]?.n ?? null;
  const what = run.parent === null ? terminalText(files) : `predictions of run ${run.parent}`;
  return [
    `${run.model}: scored ${what}${rows === null ? '' : ` (${plural(rows, 'row')})`}`,
    `  recorded as run ${run.id}`,
    '',
    textTable({
      columns: [{ title: 'metric' }, { title: 'value' }],
      rows: shown.map((metric) => [metric.name, valueText(metric)]),
    }),
    ...sliceLines(run, headline(overall, options.task)),
    '',
    '± is one standard error over the rows.',
    ...(shown.length < overall.length
      ? [`${overall.length - shown.length} more metrics: assay show ${run.id}`]
      : []),
  ].join('\n');
}

function headline(overall: readonly Metric[], task: EvaluateConfig['task']): readonly Metric[] {
  const names: readonly string[] = HEADLINE_METRICS[task];
  const known = names.flatMap((name) => overall.find((metric) => metric.name === name) ?? []);
  return known.length > 0 ? known : overall;
}

function sliceLines(run: RunRecord, headline: readonly Metric[]): readonly string[] {
  const slices = new Map<string, Slice>();
  for (const { slice } of run.metrics) if (slice) slices.set(sliceInWords(slice), slice);
  if (slices.size === 0) return [];
  const columns = headline.filter((metric) => metric.value !== null).slice(0, SLICE_COLUMNS);
  const byKey = new Map(run.metrics.map((metric) => [metricKey(metric), metric]));
  const reasons = new Set<string>();
  const rows = Array.from(slices, ([text, slice]) => {
    const cells = columns.map(({ name, split }) => byKey.get(metricKey({ name, split, slice })));
    const n = cells.find((metric) => metric)?.n ?? null;
    const values = cells.map((metric) => {
      if (metric?.value === null) reasons.add(metric.reason ?? 'no reason given');
      return metric?.value === null ? 'none' : metric ? valueText(metric) : '';
    });
    return [text, n === null ? '' : String(n), ...values];
  });
  return [
    '',
    textTable({
      columns: [
        { title: 'slice' },
        { title: 'rows', align: 'right' },
        ...columns.map((metric) => ({ title: metric.name })),
      ],
      rows,
    }),
    ...(reasons.size > 0 ? [`none: ${terminalText([...reasons].join('; '))}.`] : []),
  ];
}

function valueText(metric: Metric): string {
  if (metric.value === null) return `none (${metric.reason ?? 'no reason given'})`;
  const error = metric.stderr === null ? '' : ` ± ${formatNumber(metric.stderr, 2)}`;
  return `${formatNumber(metric.value)}${error}`;
}
