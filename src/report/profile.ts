import type { ProfileColumn, ProfileContent } from '../data/profile/record.js';
import { formatNumber, plural } from '../format.js';
import { terminalText } from './escape.js';
import { sparkline } from './sparkline.js';
import { textTable } from './table.js';

/** A profile for people, on a terminal. */

type Shown = ProfileContent & { readonly seconds?: number };

/** `48,842 rows, 15 columns, 6,465 missing values, 52 duplicate rows`. */
export function profileHeadline(profile: Shown): string {
  const missing = profile.columns.reduce((sum, column) => sum + column.missing, 0);
  return [
    plural(profile.rows, 'row'),
    plural(profile.columns.length, 'column'),
    ...(missing > 0 ? [plural(missing, 'missing value')] : []),
    ...(profile.duplicates > 0 ? [plural(profile.duplicates, 'duplicate row')] : []),
    ...(profile.rejected > 0 ? [`${plural(profile.rejected, 'line')} rejected`] : []),
  ].join(', ');
}

export function profileText(profile: Shown): string {
  const table = textTable({
    columns: [
      { title: 'column' },
      { title: 'type' },
      { title: 'missing', align: 'right' },
      { title: 'distinct', align: 'right' },
      { title: 'distribution' },
      { title: '' },
    ],
    rows: profile.columns.map((column) => [
      column.name,
      column.type,
      shareText(column.missing, profile.rows),
      column.distinct.toLocaleString('en-US'),
      sparkOf(column),
      describeColumn(column),
    ]),
  });
  const strong = profile.correlations.top.filter(({ r }) => Math.abs(r) >= 0.5).slice(0, 10);
  return [
    `${terminalText(profile.dataset)}: ${profileHeadline(profile)}`,
    '',
    table,
    ...(strong.length > 0 ? ['', 'Correlated (Pearson):'] : []),
    ...strong.map(({ a, b, r }) => terminalText(`  ${a} and ${b}: ${formatNumber(r, 3)}`)),
  ].join('\n');
}

export function shareText(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0';
  const percent = (100 * part) / whole;
  return `${percent < 0.1 ? '<0.1' : formatNumber(percent, percent >= 10 ? 3 : 2)}%`;
}

function sparkOf({ numbers, times, categories }: ProfileColumn): string {
  const histogram = (numbers ?? times)?.histogram;
  if (histogram) return sparkline(pooled(histogram.counts, 15));
  return categories && categories.top.length > 1
    ? sparkline(categories.top.slice(0, 15).map(({ count }) => count))
    : '';
}

/** Neighbouring bars put together until at most `most` are left. */
function pooled(counts: readonly number[], most: number): readonly number[] {
  const size = Math.ceil(counts.length / most);
  return Array.from({ length: Math.ceil(counts.length / size) }, (_, i) =>
    counts.slice(i * size, (i + 1) * size).reduce((sum, count) => sum + count, 0),
  );
}

/** What else there is to say, in a few words. */
export function describeColumn(column: ProfileColumn): string {
  const { numbers, times, lengths, categories } = column;
  const notes: string[] = [];
  if (column.invalid > 0) notes.push(`${plural(column.invalid, 'value')} not of the type`);
  if (column.identifier) notes.push('every value once');
  if (numbers) {
    const { min = 0, p50 = 0, max = 0 } = numbers.quantiles;
    const [low, middle, high] = [min, p50, max].map((value) => formatNumber(value, 4));
    const spread = numbers.sd === null ? '' : ` ± ${formatNumber(numbers.sd, 3)}`;
    notes.push(
      min === max
        ? `always ${low}`
        : `${low} … ${middle} … ${high}, mean ${formatNumber(numbers.mean, 4)}${spread}`,
    );
  }
  if (times) notes.push(`${times.quantiles.min} … ${times.quantiles.max}`);
  if (lengths && categories && categories.top.length === 0) {
    notes.push(
      lengths.min === lengths.max ? `length ${lengths.min}` : `length ${lengths.min} … ${lengths.max}`,
    );
  }
  const [most] = categories?.top ?? [];
  if (most && categories) {
    const name = most.value === null ? 'the most frequent' : JSON.stringify(most.value);
    notes.push(`${name} in ${shareText(most.count, column.present - column.invalid)}`);
  }
  return notes.join('; ');
}
