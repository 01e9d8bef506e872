import type { SqlEngine } from '../ports.js';
import { clusterCorrelations } from './cluster.js';
import { PairSums } from './pair-sums.js';
import type { ProfileColumn, ProfileContent } from './record.js';
import type { TypedColumn } from './typed.js';

/** More columns would make more pairs than anybody reads. */
const MOST_COLUMNS = 40;
const STRONGEST = 50;

/** Pearson's r of every pair of numeric columns, over the rows that have both, in one scan of these columns. */
export async function correlationsOf(
  engine: SqlEngine,
  columns: readonly { readonly typed: TypedColumn; readonly profile: ProfileColumn }[],
  rows: number,
): Promise<ProfileContent['correlations']> {
  const numeric = columns
    .flatMap(({ typed, profile: { name, numbers, identifier } }) =>
      numbers?.sd && !identifier ? [{ name, typed, mean: numbers.mean, sd: numbers.sd }] : [],
    )
    .slice(0, MOST_COLUMNS)
    .map((column) => ({ ...column, gaps: column.typed.valid < rows }));
  const [first, second] = numeric;
  if (!first || !second) return { pairs: 0, top: [] };
  const pairs = engine.cluster
    ? await clusterCorrelations(engine.cluster, numeric)
    : await pairsHere(engine, numeric);
  const found = pairs.filter(({ r }) => Number.isFinite(r));
  return {
    pairs: found.length,
    top: [...found]
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

type Pairs = ReturnType<PairSums['result']>;

interface NumericColumn {
  readonly typed: TypedColumn;
  readonly mean: number;
  readonly sd: number;
  /** Whether some rows have no value. */
  readonly gaps: boolean;
}

async function pairsHere(engine: SqlEngine, numeric: readonly NumericColumn[]): Promise<Pairs> {
  const sums = new PairSums(numeric);
  const selected = numeric.map(({ gaps, typed: { sql } }) => {
    const value = `CAST(${sql} AS DOUBLE)`;
    return gaps ? `COALESCE(${value}, CAST('nan' AS DOUBLE))` : value;
  });
  const relation = numeric[0]?.typed.relation;
  for await (const batch of engine.numbers(`SELECT ${selected.join(', ')} FROM ${relation}`)) sums.add(batch);
  return sums.result();
}
