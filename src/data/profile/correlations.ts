import { PairSums } from './pair-sums.js';
import type { NumberColumn } from './read-numbers.js';
import type { TextColumn } from './read-texts.js';
import type { ProfileColumn, ProfileContent } from './record.js';

/** More columns would make more pairs than anybody reads. */
const MOST_COLUMNS = 40;
const STRONGEST = 50;

/** Pearson's r of every pair of numeric columns, over the rows that have both. */
export async function correlationsOf(
  columns: readonly { readonly read: NumberColumn | TextColumn; readonly profile: ProfileColumn }[],
  rows: number,
): Promise<ProfileContent['correlations']> {
  const numeric = correlated(columns).flatMap(({ read, mean, sd, name }) =>
    'values' in read ? [{ name, ...read.values, mean, sd, gaps: read.valid < rows }] : [],
  );
  if (numeric.length < 2) return strongest(numeric, []);
  const sums = new PairSums(numeric);
  for await (const block of rowsOf(numeric)) sums.add(block);
  return strongest(numeric, sums.result());
}

/** The columns that are correlated with each other: numbers that vary, and do not identify. */
export function correlated<C extends { readonly profile: ProfileColumn }>(
  columns: readonly C[],
): readonly (C & { readonly name: string; readonly mean: number; readonly sd: number })[] {
  return columns
    .flatMap((column) => {
      const { name, numbers, identifier } = column.profile;
      return numbers?.sd && !identifier ? [{ ...column, name, mean: numbers.mean, sd: numbers.sd }] : [];
    })
    .slice(0, MOST_COLUMNS);
}

export function strongest(
  numeric: readonly { readonly name: string }[],
  pairs: ReturnType<PairSums['result']>,
): ProfileContent['correlations'] {
  const found = pairs.filter(({ r }) => Number.isFinite(r));
  return {
    pairs: found.length,
    top: found
      .sort((x, y) => Math.abs(y.r) - Math.abs(x.r) || x.a - y.a || x.b - y.b)
      .slice(0, STRONGEST)
      .map(({ a, b, r, rows: both }) => ({
        a: numeric[a]?.name ?? '',
        b: numeric[b]?.name ?? '',
        r,
        rows: both,
      })),
  };
}

/** Columns side by side, which may have been read by several scans. */
async function* rowsOf(columns: readonly NumberColumn['values'][]): AsyncGenerator<readonly Float64Array[]> {
  const scans = [...new Set(columns.map(({ of }) => of))].map((of) => {
    const own = columns.filter((column) => column.of === of);
    return { own, blocks: of.blocks(own.map(({ at }) => at)) };
  });
  for (;;) {
    const side = new Map<NumberColumn['values'], Float64Array>();
    for (const { own, blocks } of scans) {
      const { value } = await blocks.next();
      if (!value) return;
      for (const [i, column] of own.entries()) side.set(column, value[i] as Float64Array);
    }
    yield columns.map((column) => side.get(column) as Float64Array);
  }
}
