import { formatNumber, plural } from '../format.js';
import type { Curve } from '../metrics/curve.js';
import { type LineChart, mermaidChart, onGrid } from './chart.js';
import { markdownCell, markdownText } from './escape.js';
import { blocks, details, markdownTable } from './markdown.js';
import { condense, sparkline } from './sparkline.js';

/** Curves of a run in a comment: charts that GitHub draws from text, and tables. */

const GRID = { from: 0, to: 1, points: 21 };
/** More lines than this in one chart cannot be told apart. */
const MOST_LINES = 5;
const MOST_MATRIX_CLASSES = 12;

type Of<K extends Curve['kind']> = Extract<Curve, { kind: K }>;

export function curvesSection(curves: readonly Curve[] | undefined): string {
  const first = curves?.[0]?.seed ?? null;
  const shown = (curves ?? []).filter((curve) => curve.seed === first);
  if (shown.length === 0) return '';
  const of = <K extends Curve['kind']>(kind: K) =>
    shown.filter((curve): curve is Of<K> => curve.kind === kind);
  const seeds = new Set(curves?.map(({ seed }) => seed)).size;
  const parts = [
    ['confusion matrix', blocks(of('confusion').map(confusionTable))],
    ['ROC', rocChart(of('roc'))],
    ['precision-recall', precisionChart(of('precision_recall'))],
    ['calibration', blocks(of('calibration').slice(0, MOST_LINES).map(calibrationTable))],
    ['residuals', blocks(of('residuals').map(residualsTable))],
  ].filter(([, text]) => text !== '');
  const title = parts.map(([name]) => name).join(', ');
  const note = seeds > 1 ? `Of seed ${first}, the first of ${plural(seeds, 'seed')}.` : '';
  return details(
    title.charAt(0).toUpperCase() + title.slice(1),
    blocks([note, ...parts.map(([, text]) => text)]),
  );
}

/** Which line is which, where there are several. */
function legend(curves: readonly { readonly class: string | null }[]): string {
  const named = curves.slice(0, MOST_LINES).flatMap((curve) => curve.class ?? []);
  if (named.length === 0) return '';
  const more = curves.length > named.length ? ` (of ${curves.length})` : '';
  return `Lines${more}, in the order of the legend colours: ${named.map((name) => markdownText(name, 60)).join(', ')}.`;
}

function chart(
  of: Omit<LineChart, 'lines' | 'y'> & { readonly y: string },
  curves: readonly {
    readonly class: string | null;
    readonly x: readonly number[];
    readonly values: readonly number[];
  }[],
): string {
  if (curves.length === 0) return '';
  const lines = curves.slice(0, MOST_LINES).map(({ x, values }) => onGrid(x, values, GRID));
  return blocks([mermaidChart({ ...of, y: { title: of.y, min: 0, max: 1 }, lines }), legend(curves)]);
}

function rocChart(curves: readonly Of<'roc'>[]): string {
  const x = { title: 'false positive rate', min: 0, max: 1 };
  return chart(
    { title: 'ROC', x, y: 'true positive rate' },
    curves.map((one) => ({ class: one.class, x: one.false_positive_rate, values: one.true_positive_rate })),
  );
}

function precisionChart(curves: readonly Of<'precision_recall'>[]): string {
  const x = { title: 'recall', min: 0, max: 1 };
  return chart(
    { title: 'Precision and recall', x, y: 'precision' },
    curves.map((one) => ({ class: one.class, x: one.recall, values: one.precision })),
  );
}

/** Rows are what is true, columns what was predicted; with the share of the row's total. */
function confusionTable(curve: Of<'confusion'>): string {
  const { classes, counts } = curve;
  if (classes.length > MOST_MATRIX_CLASSES) return '';
  const cell = (count: number, row: readonly number[]) => {
    const total = row.reduce((sum, one) => sum + one, 0);
    return total > 0
      ? `${formatNumber(count)} (${Math.round((100 * count) / total)} %)`
      : formatNumber(count);
  };
  return markdownTable(
    [
      { title: 'true \\ predicted' },
      ...classes.map((name) => ({ title: markdownCell(name, 40), align: 'right' as const })),
    ],
    counts.map((row, k) => [
      `**${markdownCell(classes[k] ?? '', 40)}**`,
      ...row.map((count) => cell(count, row)),
    ]),
  );
}

function calibrationTable(curve: Of<'calibration'>): string {
  const { score, share, weight } = curve;
  const what = curve.class === null ? '' : ` of ${markdownText(curve.class, 60)}`;
  return blocks([
    `Calibration${what}: mean score and share of positives by bins of the score; shape of the shares ${sparkline(condense(share, 24))}`,
    markdownTable(
      [
        { title: 'score', align: 'right' },
        { title: 'positives', align: 'right' },
        { title: 'gap', align: 'right' },
        { title: 'rows', align: 'right' },
      ],
      score.map((value, bin) => [
        value.toFixed(3),
        (share[bin] ?? 0).toFixed(3),
        signed((share[bin] ?? 0) - value),
        formatNumber(weight[bin] ?? 0),
      ]),
    ),
  ]);
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

function residualsTable(curve: Of<'residuals'>): string {
  const rows = curve.prediction.map((prediction, group) => [
    formatNumber(prediction, 4),
    formatNumber(curve.label[group] ?? 0, 4),
    formatNumber(curve.median[group] ?? 0, 3),
    `${formatNumber(curve.low[group] ?? 0, 3)} to ${formatNumber(curve.high[group] ?? 0, 3)}`,
    String(curve.n[group] ?? 0),
  ]);
  return blocks([
    `Errors (prediction − label) by the size of the prediction; medians ${sparkline(condense(curve.median, 24))}`,
    markdownTable(
      ['mean prediction', 'mean label', 'median error', '80 % of errors', 'rows'].map((title) => ({
        title,
        align: 'right' as const,
      })),
      rows,
    ),
  ]);
}
