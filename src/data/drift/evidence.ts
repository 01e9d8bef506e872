import type { Steps } from '../profile/quantiles.js';
import type { SortedValues } from '../sorted-values.js';

/** What is known of one column on one side of a comparison: all of it from the data, less from a profile. */

/** Numbers: every value, or the distribution function at some points and bounds between them. */
export type NumberEvidence =
  | { readonly kind: 'all'; readonly sorted: SortedValues }
  | { readonly kind: 'steps'; readonly steps: Steps; readonly total: number };

/** Categories by a key of their value, ascending, with counts; and rows whose value is not among them. */
export interface CategoryEvidence {
  readonly keys: SortedValues;
  /** Rows of values that are not told apart, and how many values they have; 0 from the data. */
  readonly other: { readonly rows: number; readonly distinct: number };
}

export interface ColumnEvidence {
  readonly name: string;
  readonly type: 'integer' | 'number' | 'string' | 'boolean' | 'date' | 'timestamp' | 'other';
  readonly rows: number;
  /** Values of the type; the rest is missing or not of it. */
  readonly valid: number;
  /** There, and not of the type. */
  readonly invalid: number;
  readonly distinct: number;
  /** Integers and numbers; seconds since 1970 for dates and timestamps. Null when withheld or not of these types. */
  readonly numbers: NumberEvidence | null;
  /** Dates and timestamps: rows per weekday and hour (null for dates). */
  readonly cycles: { readonly weekdays: readonly number[]; readonly hours: readonly number[] | null } | null;
  readonly lengths: NumberEvidence | null;
  readonly categories: CategoryEvidence | null;
  /** Texts of keys, where values may be shown. */
  readonly labels: ReadonlyMap<number, string>;
}

export function totalOf(evidence: NumberEvidence): number {
  return evidence.kind === 'all' ? evidence.sorted.total : evidence.total;
}

export function isWhole(evidence: NumberEvidence): boolean {
  return evidence.kind === 'all' || evidence.steps.exact;
}

/** In how many pieces the rows between two known points are spread. */
const PIECES = 8;

/**
 * The values themselves; from a profile a stand-in, with the rows between two of its points spread evenly between them. For effect
 * sizes and pictures, never for a test.
 */
export function standIn(evidence: NumberEvidence): SortedValues {
  if (evidence.kind === 'all') return evidence.sorted;
  const { at, below, upto } = evidence.steps;
  const values: number[] = [];
  const counts: number[] = [];
  at.forEach((x, i) => {
    const mass = (upto[i] as number) - (below[i] as number);
    if (mass > 0) {
      values.push(x);
      counts.push(mass);
    }
    const next = at[i + 1];
    const between = (below[i + 1] ?? 0) - (upto[i] as number);
    if (next === undefined || between <= 0) return;
    for (let k = 0; k < PIECES; k++) {
      values.push(x + ((next - x) * (k + 0.5)) / PIECES);
      counts.push(between / PIECES);
    }
  });
  return { values: Float64Array.from(values), counts: Float64Array.from(counts), total: evidence.total };
}
