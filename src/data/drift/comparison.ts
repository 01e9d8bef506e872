import type { SortedValues } from '../sorted-values.js';
import { type Cell, categoryEffects } from './categories.js';
import { type ColumnEvidence, isWhole, type NumberEvidence, standIn } from './evidence.js';
import { andersonDarlingTest, ksTest, numberEffects } from './numbers.js';
import type { DriftSettings } from './settings.js';

/** What is known of one column once both sides are compared, and what the kinds of columns have in common. */

export type TestName =
  | 'kolmogorov-smirnov'
  | 'anderson-darling'
  | 'chi-squared'
  | 'permutation'
  | 'fisher'
  | 'novelty';

export type EffectName = 'wasserstein' | 'jensen_shannon' | 'missing' | 'new_values';

export interface ColumnTest {
  readonly of: 'values' | 'missing' | 'new values' | 'lengths' | 'weekdays' | 'hours';
  readonly test: TestName;
  readonly statistic: number | null;
  readonly p: number;
  /** Below `p` when a profile leaves open how far apart the two are. */
  readonly lowestP: number;
  /** The effect that counts: the first that reaches its floor, else the first. */
  readonly effect: { readonly name: EffectName; readonly value: number; readonly floor: number };
}

export type ColumnKind = 'numbers' | 'categories' | 'text' | 'times' | 'not tested';

export interface ColumnComparison {
  readonly name: string;
  readonly type: ColumnEvidence['type'];
  readonly kind: ColumnKind;
  readonly rows: readonly [reference: number, current: number];
  readonly missing: readonly [reference: number, current: number];
  readonly tests: readonly ColumnTest[];
  readonly effects: {
    readonly wasserstein: number | null;
    readonly jensen_shannon: number | null;
    readonly psi: number | null;
  };
  /** Rows of the current side with a value that the reference never had; null where that is not known. */
  readonly newValues: number | null;
  /** Why the values were not tested, or with what loss; in words. */
  readonly notes: readonly string[];
  /** True when there are too few values for any test of them. */
  readonly tooFew: boolean;
  /** For pictures: what was compared, cell by cell. */
  readonly cells: readonly Cell[] | null;
}

export interface Sides {
  readonly reference: ColumnEvidence;
  readonly current: ColumnEvidence;
  readonly settings: DriftSettings;
}

export type Values = Pick<
  ColumnComparison,
  'kind' | 'tests' | 'effects' | 'newValues' | 'notes' | 'cells'
> & {
  readonly tooFew?: boolean;
};

export const NO_EFFECTS = { wasserstein: null, jensen_shannon: null, psi: null };

export function untested(note: string): Values {
  return { kind: 'not tested', tests: [], effects: NO_EFFECTS, newValues: null, notes: [note], cells: null };
}

export function constant(): Values {
  return {
    ...untested('one and the same value on both sides'),
    effects: { wasserstein: 0, jensen_shannon: 0, psi: 0 },
  };
}

export function preferred(chosen: string): 'chi-squared' | 'permutation' | undefined {
  return chosen === 'chi-squared' || chosen === 'permutation' ? chosen : undefined;
}

export function distanceTest(asked: {
  readonly of: ColumnTest['of'];
  readonly a: NumberEvidence;
  readonly b: NumberEvidence;
  readonly effect: ColumnTest['effect'];
  readonly chosen: string;
}): ColumnTest {
  const { of, a, b, effect } = asked;
  const tails = asked.chosen === 'anderson-darling' && isWhole(a) && isWhole(b);
  const distance = tails ? andersonDarlingTest(standIn(a), standIn(b)) : ksTest(a, b);
  return { of, test: tails ? 'anderson-darling' : 'kolmogorov-smirnov', ...distance, effect };
}

export function lossNote(a: NumberEvidence, b: NumberEvidence): string {
  const points = [a, b].map((side) =>
    side.kind === 'steps' && !side.steps.exact ? side.steps.at.length : Number.POSITIVE_INFINITY,
  );
  const known = Math.min(...points);
  return `from a profile: its distribution is known at ${known} points, and a shift between two of them (up to ${(100 / (known - 1)).toFixed(1)}% of the rows) may go unseen`;
}

export function allEffects(
  a: SortedValues,
  b: SortedValues,
  cells: readonly Cell[] | null,
): ColumnComparison['effects'] {
  const { wasserstein, jensenShannon, psi } = numberEffects(a, b);
  if (!cells) return { wasserstein, jensen_shannon: jensenShannon, psi };
  const asCategories = categoryEffects(cells);
  return { wasserstein, jensen_shannon: asCategories.jensenShannon, psi: asCategories.psi };
}

export function decidingEffect(
  { reference, settings }: Sides,
  effects: ColumnComparison['effects'],
): ColumnTest['effect'] {
  const own = settings.columns[reference.name]?.min_effect;
  const options = (['wasserstein', 'jensen_shannon'] as const).flatMap((name) => {
    const value = effects[name];
    return value === null ? [] : [{ name, value, floor: own ?? settings.min_effect[name] }];
  });
  const none = {
    name: 'jensen_shannon' as const,
    value: 0,
    floor: own ?? settings.min_effect.jensen_shannon,
  };
  return options.find(({ value, floor }) => value >= floor) ?? options[0] ?? none;
}
