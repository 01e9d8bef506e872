import { countBetween, edgesOf } from '../profile/histogram.js';
import type { SortedValues } from '../sorted-values.js';
import type { ColumnComparison } from './comparison.js';
import { type ColumnEvidence, standIn } from './evidence.js';
import type { DriftColumn } from './record.js';

/** What a report draws of a column: both sides over the same bars. */

const MOST_BARS = 12;

export function pictureOf(
  comparison: ColumnComparison,
  sides: { readonly reference: ColumnEvidence; readonly current: ColumnEvidence },
): DriftColumn['picture'] {
  const { reference, current } = sides;
  if (comparison.cells) return bars(comparison.cells, sides);
  if (comparison.kind === 'not tested' || !reference.numbers || !current.numbers) return null;
  const [a, b] = [standIn(reference.numbers), standIn(current.numbers)];
  const edges = edgesOf(merged(a, b));
  const [left, right] = [countBetween(a, edges), countBetween(b, edges)];
  return {
    edges: [...edges],
    reference: left.counts,
    current: right.counts,
    outside: { reference: left.below + left.above, current: right.below + right.above },
  };
}

function bars(
  cells: NonNullable<ColumnComparison['cells']>,
  { reference, current }: { readonly reference: ColumnEvidence; readonly current: ColumnEvidence },
): DriftColumn['picture'] {
  // Numbers in their order; categories by frequency in the reference.
  const numeric = reference.numbers !== null;
  const named = cells.filter(({ key }) => key !== null);
  const ranked = numeric
    ? named
    : [...named].sort(
        (x, y) => y.reference - x.reference || y.current - x.current || (x.key ?? 0) - (y.key ?? 0),
      );
  const shown = ranked.slice(0, MOST_BARS);
  const rest = [...ranked.slice(MOST_BARS), ...cells.filter(({ key }) => key === null)];
  const label = (key: number | null, i: number, isNew: boolean) => {
    if (numeric) return String(key);
    const text = key === null ? undefined : (reference.labels.get(key) ?? current.labels.get(key));
    return text ?? (isNew ? `new value ${i + 1}` : `value ${i + 1}`);
  };
  const others = rest.length > 0 ? [rest.length] : [];
  const sum = (side: 'reference' | 'current') => rest.reduce((total, cell) => total + cell[side], 0);
  return {
    labels: [
      ...shown.map(({ key, reference: rows }, i) => label(key, i, rows === 0)),
      ...others.map((count) => (count === 1 ? 'the other' : `${count} others`)),
    ],
    reference: [...shown.map((cell) => cell.reference), ...others.map(() => sum('reference'))],
    current: [...shown.map((cell) => cell.current), ...others.map(() => sum('current'))],
  };
}

function merged(a: SortedValues, b: SortedValues): SortedValues {
  const values: number[] = [];
  const counts: number[] = [];
  for (let i = 0, j = 0; i < a.values.length || j < b.values.length; ) {
    const x = i < a.values.length ? (a.values[i] as number) : Number.POSITIVE_INFINITY;
    const y = j < b.values.length ? (b.values[j] as number) : Number.POSITIVE_INFINITY;
    values.push(Math.min(x, y));
    counts.push((x <= y ? (a.counts[i++] as number) : 0) + (y <= x ? (b.counts[j++] as number) : 0));
  }
  return {
    values: Float64Array.from(values),
    counts: Float64Array.from(counts),
    total: a.total + b.total,
  };
}
