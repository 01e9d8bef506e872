import type { ProfileColumn } from '../../data/profile/record.js';
import { formatNumber, plural } from '../../format.js';
import { htmlText } from '../escape.js';
import { shareText } from '../profile.js';
import { edgeTexts, histogram, intervals, namedBars, timeTexts } from './bars.js';
import { chipOf, type Tone } from './page.js';

/** One column of a profile as a card: its distribution as a picture, and the numbers that matter. */

export interface CardOptions {
  /** Rows of the dataset. */
  readonly rows: number;
  /** Beside the name, such as the checks that the column fails. */
  readonly chips?: readonly { readonly text: string; readonly tone: Tone }[];
  readonly fails?: boolean;
}

export function columnCard(column: ProfileColumn, options: CardOptions): string {
  const chips = [{ text: column.type, tone: 'even' as const }, ...(options.chips ?? [])];
  const facts = factsOf(column, options.rows).map(
    ([name, value]) => `<dt>${htmlText(name)}</dt><dd>${htmlText(value, 120)}</dd>`,
  );
  return `<div class="column${options.fails ? ' fails' : ''}"><h3><code>${htmlText(column.name, 120)}</code>${chips.map(({ text, tone }) => chipOf(text, tone)).join('')}</h3>${pictureOf(column)}<dl class="facts">${facts.join('')}</dl></div>`;
}

const rowsText = (value: number) => plural(value, 'row');
const MOST_NAMED = 8;

function pictureOf({ name, numbers, times, categories, identifier, present }: ProfileColumn): string {
  const drawn = (numbers ?? times)?.histogram;
  if (drawn && drawn.edges.length > 1) {
    const edges = numbers ? edgeTexts(drawn.edges) : timeTexts(drawn.edges);
    const outside = drawn.below + drawn.above;
    const bars = histogram({
      title: `Distribution of ${name}`,
      labels: intervals(edges),
      edges,
      series: [{ name: '', values: drawn.counts }],
      say: rowsText,
    });
    return `${bars}${outside > 0 ? `<p class="small">${rowsText(outside)} beyond the edges</p>` : ''}`;
  }
  if (identifier) return '<p class="small">Every value occurs once; values are not shown.</p>';
  if (!categories || categories.top.length === 0) {
    return present === 0 ? '<p class="small">There is no value.</p>' : '';
  }
  const shown = categories.top.slice(0, MOST_NAMED);
  const rest = categories.top
    .slice(MOST_NAMED)
    .reduce((sum, { count }) => sum + count, categories.other.rows);
  const labels = shown.map(({ value }, i) => (value === null ? `value ${i + 1}` : value || '(empty)'));
  return namedBars({
    title: `Most frequent values of ${name}`,
    labels: rest > 0 ? [...labels, 'all others'] : labels,
    series: [{ name: '', values: [...shown.map(({ count }) => count), ...(rest > 0 ? [rest] : [])] }],
    say: rowsText,
  });
}

function factsOf(column: ProfileColumn, rows: number): readonly (readonly [string, string])[] {
  const { numbers, times, lengths } = column;
  const quantile = (name: string) => formatNumber(numbers?.quantiles[name] ?? 0, 5);
  return [
    [
      'missing',
      column.missing === 0 ? 'none' : `${plural(column.missing, 'row')} (${shareText(column.missing, rows)})`,
    ],
    ...(column.invalid > 0
      ? [
          [
            `not ${column.type}`,
            `${plural(column.invalid, 'row')} (${shareText(column.invalid, rows)})`,
          ] as const,
        ]
      : []),
    ['distinct', plural(column.distinct, 'value')],
    ...(numbers
      ? ([
          [
            'mean ± sd',
            `${formatNumber(numbers.mean, 5)}${numbers.sd === null ? '' : ` ± ${formatNumber(numbers.sd, 4)}`}`,
          ],
          ['min, median, max', ['min', 'p50', 'max'].map(quantile).join(', ')],
          ['p5, p25, p75, p95', ['p5', 'p25', 'p75', 'p95'].map(quantile).join(', ')],
          ['zero, negative', `${shareText(numbers.zeros, rows)}, ${shareText(numbers.negative, rows)}`],
        ] as const)
      : []),
    ...(times
      ? ([
          ['from', times.quantiles.min ?? ''],
          ['median', times.quantiles.p50 ?? ''],
          ['to', times.quantiles.max ?? ''],
        ] as const)
      : []),
    ...(lengths
      ? ([['length', `${lengths.min} to ${lengths.max}, mean ${formatNumber(lengths.mean, 4)}`]] as const)
      : []),
  ];
}
