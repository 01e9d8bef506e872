import { comparisonDigits } from '../compare/digits.js';
import type { MetricComparison } from '../compare/record.js';
import { needsInWords } from '../compare/verdict.js';
import { formatNumber, plural } from '../format.js';
import { type Metric, sliceInWords } from '../metrics/metric.js';
import type { RunRecord } from '../runs/record.js';
import { markdownCode, markdownText } from './escape.js';
import type { ModelFacts } from './facts.js';
import { VERDICT_ICONS } from './headline.js';
import { blocks, details, markdownTable } from './markdown.js';
import { countVerdicts, metricRows } from './rows.js';

/** How much is shown; each tier of a report has one. */
export interface Extent {
  /** Rows of each folded table. */
  readonly rows: number;
  /** Whether metrics that did not change are shown at all. */
  readonly unchanged: boolean;
}

/** Slices shown before anything is unfolded. */
const OPEN_SLICES = 5;
const OPEN_METRICS = 20;

const COMPARED = [
  { title: 'metric' },
  // Second, so that a phone shows it without scrolling.
  { title: 'verdict' },
  { title: 'baseline', align: 'right' },
  { title: 'this&nbsp;run', align: 'right' },
  { title: 'difference<br><sub>95 % interval</sub>', align: 'right' },
] as const;
const MEASURED = [{ title: 'metric' }, { title: 'this&nbsp;run', align: 'right' }] as const;

/** What a section shows at first sight, and what it folds away; either may be empty. */
export interface Section {
  readonly open: string;
  readonly folded: string;
}

/** The metrics that matter in the open, everything else folded, worst first. */
export function metricsSection(facts: ModelFacts, extent: Extent): Section {
  const { run, comparison } = facts;
  if (!run) return { open: '', folded: '' };
  if (!comparison || comparison.baseline.run === null) return measuredSection(facts, run, extent);
  const { main, alarming, rest } = metricRows(facts);
  const open = [...main.slice(0, OPEN_METRICS), ...alarming.slice(0, OPEN_SLICES)];
  const folded = [...main.slice(OPEN_METRICS), ...alarming.slice(OPEN_SLICES), ...rest];
  const shown = folded.filter((metric) => extent.unchanged || !isUnchanged(metric)).slice(0, extent.rows);
  const splits = splitsOf(comparison.metrics);
  const rows = (metrics: readonly MetricComparison[]) =>
    markdownTable(
      COMPARED,
      metrics.map((metric) => metricRow(metric, splits)),
    );
  const left = leftOut(folded.length - shown.length, run);
  return {
    open: open.length === 0 ? 'No metric was measured.' : rows(open),
    folded:
      shown.length === 0
        ? left
        : details(
            `${plural(folded.length, 'more metric')}: ${countVerdicts(folded)}`,
            blocks([rows(shown), left]),
          ),
  };
}

function isUnchanged(metric: MetricComparison): boolean {
  return metric.verdict === 'equal' || metric.verdict === 'new';
}

function leftOut(count: number, run: RunRecord): string {
  return count <= 0
    ? ''
    : `<sub>${plural(count, 'metric')} not shown here; all of them: ${markdownCode(`assay show ${run.id}`)}</sub>`;
}

function metricRow(metric: MetricComparison, splits: ReadonlySet<string | null>): readonly string[] {
  const { baseline, candidate, difference, interval } = comparisonDigits(metric);
  const remark = remarkOn(metric);
  return [
    metricName(metric, splits),
    `${VERDICT_ICONS[metric.verdict]}&nbsp;${metric.verdict}${remark === '' ? '' : `<br><sub>${remark}</sub>`}`,
    baseline,
    metric.verdict === 'missing' ? candidate : `**${candidate}**`,
    interval === '' ? difference : `${difference}<br><sub>${interval.replace(' … ', '&nbsp;…&nbsp;')}</sub>`,
  ];
}

/** What the numbers beside it do not say: what would settle it, or why there is none. */
function remarkOn(metric: MetricComparison): string {
  switch (metric.verdict) {
    case 'inconclusive':
      return markdownText(metric.needs ? needsInWords(metric.needs) : metric.reason, 160);
    case 'missing':
    case 'incomparable':
    case 'new':
      return markdownText(metric.reason, 160);
    case 'better':
    case 'worse':
      return metric.interval === null ? markdownText(metric.reason, 160) : '';
    default:
      return '';
  }
}

type Named = Pick<Metric, 'name' | 'split' | 'slice'>;

function splitsOf(metrics: readonly Named[]): ReadonlySet<string | null> {
  return new Set(metrics.map((metric) => metric.split));
}

function metricName(metric: Named, splits: ReadonlySet<string | null>): string {
  const split = splits.size > 1 && metric.split !== null ? ` (${markdownText(metric.split, 40)})` : '';
  const slice = metric.slice === null ? '' : ` for ${markdownText(sliceInWords(metric.slice), 120)}`;
  return `${markdownCode(metric.name, 80)}${split}${slice}`;
}

/** Values alone, where there is nothing to compare with. */
function measuredSection(facts: ModelFacts, run: RunRecord, extent: Extent): Section {
  const overall = run.metrics.filter((metric) => metric.slice === null);
  const watched = overall.filter((metric) => facts.watched.includes(metric.name));
  const open = new Set((watched.length > 0 ? watched : overall).slice(0, OPEN_METRICS));
  const folded = run.metrics.filter((metric) => !open.has(metric));
  const shown = folded.slice(0, extent.unchanged ? extent.rows : Math.min(extent.rows, 20));
  const splits = splitsOf(run.metrics);
  const table = (metrics: readonly Metric[]) =>
    markdownTable(
      MEASURED,
      metrics.map((metric) => [metricName(metric, splits), measuredValue(metric)]),
    );
  const left = leftOut(folded.length - shown.length, run);
  return {
    open: open.size === 0 ? 'No metric was measured.' : table([...open]),
    folded:
      shown.length === 0 ? left : details(plural(folded.length, 'more metric'), blocks([table(shown), left])),
  };
}

function measuredValue(metric: Metric): string {
  if (metric.value !== null) return formatNumber(metric.value).replace(/^-/, '−');
  return `no value<br><sub>🟠 ${markdownText(metric.reason ?? 'no reason was recorded', 160)}</sub>`;
}

/** What a run that did not end well had measured until then. */
export function measuredUntilThen(run: RunRecord, extent: Extent): string {
  if (run.metrics.length === 0) return '';
  const shown = run.metrics.slice(0, Math.min(extent.rows, 50));
  const splits = splitsOf(run.metrics);
  return details(
    `Measured until then: ${plural(run.metrics.length, 'metric')}`,
    blocks([
      markdownTable(
        MEASURED,
        shown.map((metric) => [metricName(metric, splits), measuredValue(metric)]),
      ),
      leftOut(run.metrics.length - shown.length, run),
    ]),
  );
}
