import type { ClusterEngine } from '../ports.js';
import type { TypedColumn } from './cluster-columns.js';
import type { DescribedNumbers, Detail } from './columns.js';
import { edgesBetween, type Histogram } from './histogram.js';
import type { Moments } from './moments.js';
import { QUANTILES, stepRanks } from './quantiles.js';

const NAME = 'ranked';

/**
 * Describes a column of more distinct numbers than should travel where it is: quantiles and steps by their ranks, exactly; counts
 * exactly; moments by sums of doubles in the cluster's order, which differ from run to run in the last digits.
 *
 * @param unit what a value is divided by: a million for microseconds
 */
export async function clusterNumbers(
  cluster: ClusterEngine,
  column: TypedColumn,
  { detail, unit }: { readonly detail: Detail; readonly unit: number },
): Promise<DescribedNumbers> {
  const value = `CAST(${column.sql} AS DOUBLE)`;
  await cluster.rank(
    NAME,
    `SELECT v, count(*) AS n FROM (SELECT ${value} AS v FROM ${column.relation} WHERE ${column.sql} IS NOT NULL) AS s GROUP BY v`,
  );
  try {
    return await described(cluster, column, { detail, unit });
  } finally {
    await cluster.drop(NAME);
  }
}

async function described(
  cluster: ClusterEngine,
  column: TypedColumn,
  { detail, unit }: { readonly detail: Detail; readonly unit: number },
): Promise<DescribedNumbers> {
  const total = column.valid;
  const x = `(v / ${double(unit)})`;
  const [counted = {}] = await cluster.query(
    `SELECT count(*) AS d, sum(CASE WHEN v = 0 THEN n ELSE 0 END) AS zeros, sum(CASE WHEN v < 0 THEN n ELSE 0 END) AS negative, bool_and(${x} = floor(${x})) AS whole FROM ${NAME}`,
  );
  const distinct = Number(counted.d);
  const exact = distinct <= detail.steps;
  const ranks = exact ? [] : stepRanks(total, detail.steps);
  const positions = QUANTILES.map((share) => (total - 1) * share);
  const wanted = [
    ...new Set([...positions.flatMap((at) => [Math.floor(at) + 1, Math.ceil(at) + 1]), ...ranks]),
  ];
  const kept = await atRanks(cluster, exact ? 'all' : wanted, unit);
  const found = (rank: number) => rankedAt(kept, rank);
  const valueAt = (rank: number) => found(rank).value;
  const quantiles = positions.map((position) => {
    const below = Math.floor(position);
    const low = valueAt(below + 1);
    return below === position ? low : low + (position - below) * (valueAt(below + 2) - low);
  });
  const steps = exact ? kept : [...new Set(ranks.map(found))].sort((a, b) => a.value - b.value);
  const [min = 0, low = 0, , , , , , , , high = 0, max = 0] = quantiles;
  const edges = edgesBetween({ min, low, high, max, whole: () => counted.whole === true });
  return {
    distinct: column.wide ? await exactlyDistinct(cluster, column) : distinct,
    zeros: Number(counted.zeros),
    negative: Number(counted.negative),
    quantiles,
    moments: await moments(cluster, { x, total, origin: valueAt(Math.floor((total + 1) / 2)), distinct }),
    histogram: await binCounts(cluster, x, edges),
    steps: {
      at: steps.map(({ value }) => value),
      below: steps.map(({ below }) => below),
      upto: steps.map(({ upto }) => upto),
      exact,
    },
    ...(await cycles(cluster, x)),
  };
}

/** Integers beyond 2^53 may share a double. */
async function exactlyDistinct(cluster: ClusterEngine, { relation, sql }: TypedColumn): Promise<number> {
  const [row = {}] = await cluster.query(`SELECT count(DISTINCT ${sql}) AS d FROM ${relation}`);
  return Number(row.d);
}

interface AtRank {
  readonly value: number;
  readonly below: number;
  readonly upto: number;
}

/** The values that stand at these ranks (from 1, perhaps between two) among all values in order; ascending. */
async function atRanks(
  cluster: ClusterEngine,
  ranks: readonly number[] | 'all',
  unit: number,
): Promise<readonly AtRank[]> {
  const where =
    ranks === 'all'
      ? ''
      : ` WHERE exists(array(${ranks.map(double).join(', ')}), w -> w > upto - n AND w <= upto)`;
  const rows = await cluster.query(`SELECT v, n, upto FROM ${NAME}${where} ORDER BY v`);
  return rows.map(({ v, n, upto }) => ({
    value: Number(v) / unit,
    below: Number(upto) - Number(n),
    upto: Number(upto),
  }));
}

function rankedAt(kept: readonly AtRank[], rank: number): AtRank {
  const at = kept.find(({ below, upto }) => rank > below && rank <= upto);
  if (!at) throw new Error(`no value stands at rank ${rank}`);
  return at;
}

async function moments(
  cluster: ClusterEngine,
  of: { readonly x: string; readonly total: number; readonly origin: number; readonly distinct: number },
): Promise<Moments> {
  const { x, total, origin, distinct } = of;
  const [first = {}] = await cluster.query(
    `SELECT sum((${x} - ${double(origin)}) * n / ${double(total)}) AS m FROM ${NAME}`,
  );
  const mean = origin + Number(first.m);
  const powers = [2, 3, 4].map((power) => {
    const distance = `(${x} - ${double(mean)})`;
    return `sum(${Array.from({ length: power }, () => distance).join(' * ')} * n / ${double(total)}) AS m${power}`;
  });
  const [row = {}] = await cluster.query(`SELECT ${powers.join(', ')} FROM ${NAME}`);
  const [m2, m3, m4] = [Number(row.m2), Number(row.m3), Number(row.m4)];
  const flat = distinct < 2 || !(m2 > 0) || !Number.isFinite(m2);
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return {
    mean,
    sd: total > 1 && Number.isFinite(m2) ? Math.sqrt((m2 * total) / (total - 1)) : null,
    skewness: flat ? null : finite(m3 / m2 ** 1.5),
    kurtosis: flat ? null : finite(m4 / m2 ** 2 - 3),
  };
}

/** Rows below the first edge, in each interval (the last with its upper edge), and above the last. */
async function binCounts(cluster: ClusterEngine, x: string, edges: readonly number[]): Promise<Histogram> {
  const last = edges.length - 1;
  const conditions = edges.slice(0, -1).map((from, i) => {
    const to = edges[i + 1] as number;
    const upper = i === last - 1 ? '<=' : '<';
    return `${x} >= ${double(from)} AND ${x} ${upper} ${double(to)}`;
  });
  const all = [
    ...conditions,
    `${x} < ${double(edges[0] as number)}`,
    `${x} > ${double(edges[last] as number)}`,
  ];
  const terms = all.map((condition, i) => `sum(CASE WHEN ${condition} THEN n ELSE 0 END) AS b${i}`);
  const [row = {}] = await cluster.query(`SELECT ${terms.join(', ')} FROM ${NAME}`);
  const counts = all.map((_, i) => Number(row[`b${i}`] ?? 0));
  const [above = 0, below = 0] = [counts.pop(), counts.pop()];
  return { edges: [...edges], counts, below, above };
}

/** Rows per day of the week (Monday first) and per hour, of seconds since 1970. */
async function cycles(
  cluster: ClusterEngine,
  x: string,
): Promise<{ readonly weekdays: readonly number[]; readonly hours: readonly number[] }> {
  const day = `floor(${x} / 86400D)`;
  // 1 January 1970 was a Thursday.
  const weekday = `pmod(CAST(${day} AS BIGINT) + 3, 7)`;
  const hour = `CAST(floor((${x} - ${day} * 86400D) / 3600D) AS INT)`;
  const rows = await cluster.query(
    `SELECT ${weekday} AS w, ${hour} AS h, sum(n) AS n FROM ${NAME} WHERE abs(${x}) < 9e15D GROUP BY 1, 2`,
  );
  const weekdays = new Array<number>(7).fill(0);
  const hours = new Array<number>(24).fill(0);
  for (const { w, h, n } of rows) {
    weekdays[Number(w)] = (weekdays[Number(w)] ?? 0) + Number(n);
    hours[Number(h)] = (hours[Number(h)] ?? 0) + Number(n);
  }
  return { weekdays, hours };
}

/** A double of the cluster's SQL, exactly. */
function double(value: number): string {
  return `double('${value}')`;
}

/** Rows that repeat an earlier one in every cell. */
export async function clusterDuplicates(
  cluster: ClusterEngine,
  { relation, cells }: { readonly relation: string; readonly cells: readonly string[] },
): Promise<number> {
  const [row = {}] = await cluster.query(
    `SELECT coalesce(sum(n - 1), 0) AS d FROM (SELECT count(*) AS n FROM ${relation} GROUP BY ${cells.join(', ')})`,
  );
  return Number(row.d);
}

const PAIRS_AT_ONCE = 60;

/** Pearson's r of each pair of columns over the rows that have both; NaN or null where there is none. */
export async function clusterCorrelations(
  cluster: ClusterEngine,
  columns: readonly {
    readonly typed: Pick<TypedColumn, 'relation' | 'sql'>;
    readonly mean: number;
    readonly sd: number;
  }[],
): Promise<readonly { readonly a: number; readonly b: number; readonly r: number; readonly rows: number }[]> {
  const relation = columns[0]?.typed.relation ?? '';
  // Standardised first: what all values have in common would cost digits.
  const standard = columns.map(
    ({ typed, mean, sd }) => `((CAST(${typed.sql} AS DOUBLE) - ${double(mean)}) / ${double(sd)})`,
  );
  const pairs = columns.flatMap((_, a) => columns.slice(a + 1).map((__, i) => ({ a, b: a + 1 + i })));
  const found: { a: number; b: number; r: number; rows: number }[] = [];
  for (let at = 0; at < pairs.length; at += PAIRS_AT_ONCE) {
    const some = pairs.slice(at, at + PAIRS_AT_ONCE);
    const terms = some.flatMap(({ a, b }, i) => {
      const [x, y] = [columns[a]?.typed.sql, columns[b]?.typed.sql];
      const both = `${x} IS NOT NULL AND ${y} IS NOT NULL`;
      return [
        `corr(${standard[a]}, ${standard[b]}) AS r${i}`,
        `count(CASE WHEN ${both} THEN 1 END) AS n${i}`,
      ];
    });
    const [row = {}] = await cluster.query(`SELECT ${terms.join(', ')} FROM ${relation}`);
    some.forEach((pair, i) => {
      const r = row[`r${i}`];
      found.push({
        ...pair,
        r: typeof r === 'number' ? Math.max(-1, Math.min(1, r)) : Number.NaN,
        rows: Number(row[`n${i}`] ?? 0),
      });
    });
  }
  return found;
}
