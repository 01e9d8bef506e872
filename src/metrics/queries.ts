import { type Measure, undefinedMeasure } from './measure.js';
import { StableSum } from './sums.js';

/**
 * Metrics of lists ranked by score, one list per query, averaged over the queries. Equal scores have no order: every metric is
 * its mean over all orders of equal scores (as scikit-learn's ndcg_score), but for `map`, where equal scores are one step (as
 * scikit-learn's average_precision_score). A row is relevant when its label is above 0.
 */

export interface RankingSample {
  /** Relevance, 0 or more. */
  readonly labels: Float64Array;
  readonly scores: Float64Array;
  /** The same for all rows of a query. */
  readonly weights: Float64Array | null;
  /** Query of each row. */
  readonly queries: Int32Array;
  /** Ids decide which row stands for its query in the influences, so that two files agree; null: the first. */
  readonly ids: readonly string[] | null;
  /** Ranks at which lists are cut, such as [1, 3, 5, 10]. */
  readonly at: readonly number[];
}

/** Rows of equal score in one list. */
interface Group {
  readonly size: number;
  readonly relevant: number;
  readonly gains: Readonly<Record<Gain, number>>;
  /** Rows that rank above. */
  readonly before: number;
  readonly relevantBefore: number;
}
type Gain = 'linear' | 'exponential';
const GAINS = ['linear', 'exponential'] as const;
const gainOf = { linear: (label: number) => label, exponential: (label: number) => 2 ** label - 1 } as const;

interface List {
  readonly groups: readonly Group[];
  readonly rows: number;
  readonly relevant: number;
  /** Labels from the highest down. */
  readonly ideal: Float64Array;
}

export function scoreRanking(sample: RankingSample): readonly Measure[] {
  const { lists, weights, places } = listsOf(sample);
  const weight = (query: number) => (weights ? (weights[query] as number) : 1);
  const total = new StableSum();
  lists.forEach((_, query) => {
    total.add(weight(query));
  });
  const none = lists.filter((list) => list.relevant === 0).length;
  const note =
    none > 0
      ? `${none} of ${lists.length} queries have no relevant row: they count as 0, as in scikit-learn`
      : undefined;
  return metricsAt(sample.at).map(({ name, of }): Measure => {
    if (!(total.value > 0)) return undefinedMeasure(name, 'no query has weight');
    const values = lists.map(of);
    const sum = new StableSum();
    values.forEach((value, query) => {
      sum.add(value * weight(query));
    });
    const value = sum.value / total.value;
    return {
      name,
      value,
      ...(note === undefined ? {} : { reason: note }),
      // A query is one draw: its whole pull stands at one of its rows, scaled so that Σ pull² / rows² is Σ d² / queries².
      influence: () => {
        const pulls = new Float64Array(sample.labels.length);
        values.forEach((one, query) => {
          const share = (pulls.length * weight(query)) / total.value;
          pulls[places[query] as number] = share * (one - value);
        });
        return pulls;
      },
    };
  });
}

interface ListMetric {
  readonly name: string;
  readonly of: (list: List) => number;
}

function metricsAt(at: readonly number[]): readonly ListMetric[] {
  const all = Number.POSITIVE_INFINITY;
  const ndcgs = (k: number, name: string) =>
    GAINS.map((gain): ListMetric => ({ name: `${name}_${gain}`, of: (list) => ndcg(list, gain, k) }));
  return [
    ...at.flatMap((k) => ndcgs(k, `ndcg_at_${k}`)),
    ...ndcgs(all, 'ndcg'),
    { name: 'map', of: averagePrecision },
    { name: 'mrr', of: (list) => reciprocalRank(list, all) },
    ...at.flatMap((k): readonly ListMetric[] => [
      { name: `map_at_${k}`, of: (list) => averagePrecisionAt(list, k) },
      { name: `mrr_at_${k}`, of: (list) => reciprocalRank(list, k) },
      { name: `precision_at_${k}`, of: (list) => relevantAt(list, k) / k },
      { name: `recall_at_${k}`, of: (list) => (list.relevant > 0 ? relevantAt(list, k) / list.relevant : 0) },
      { name: `hit_rate_at_${k}`, of: (list) => hitRate(list, k) },
    ]),
  ];
}

/** Järvelin and Kekäläinen, ACM Transactions on Information Systems 20, 2002, with discount 1/log₂(rank + 1). */
function ndcg(list: List, gain: Gain, k: number): number {
  const best = new StableSum();
  for (let rank = 0; rank < Math.min(k, list.rows); rank++) {
    best.add(gainOf[gain](list.ideal[rank] as number) / Math.log2(rank + 2));
  }
  if (best.value === 0) return 0;
  const sum = new StableSum();
  for (const { size, gains, before } of list.groups) {
    const discounts = new StableSum();
    for (let rank = before; rank < Math.min(before + size, k); rank++) discounts.add(1 / Math.log2(rank + 2));
    sum.add((gains[gain] / size) * discounts.value);
  }
  return sum.value / best.value;
}

/** Mean over relevant rows of the precision at their score; equal scores are one step. */
function averagePrecision(list: List): number {
  if (list.relevant === 0) return 0;
  const sum = new StableSum();
  for (const { size, relevant, before, relevantBefore } of list.groups) {
    sum.add((relevant / list.relevant) * ((relevantBefore + relevant) / (before + size)));
  }
  return sum.value;
}

/** Σ over the first k ranks of (relevant there) · (precision there), over min(k, relevant rows). */
function averagePrecisionAt(list: List, k: number): number {
  if (list.relevant === 0) return 0;
  const sum = new StableSum();
  for (const { size, relevant, before, relevantBefore } of list.groups) {
    if (relevant === 0) continue;
    for (let place = 1; place <= size && before + place <= k; place++) {
      // Given a relevant row here, each place before in the group is relevant with chance (r − 1)/(t − 1).
      const within = size > 1 ? ((place - 1) * (relevant - 1)) / (size - 1) : 0;
      sum.add((relevant / size) * ((relevantBefore + 1 + within) / (before + place)));
    }
  }
  return sum.value / Math.min(k, list.relevant);
}

/** Mean of 1/rank of the first relevant row, 0 when it ranks below k. */
function reciprocalRank(list: List, k: number): number {
  const first = list.groups.find((group) => group.relevant > 0);
  if (!first) return 0;
  const { size, relevant, before } = first;
  const sum = new StableSum();
  // Chance that no place before `place` is relevant, and this one is.
  let noneBefore = 1;
  for (let place = 1; place <= size - relevant + 1 && before + place <= k; place++) {
    const here = relevant / (size - place + 1);
    sum.add((noneBefore * here) / (before + place));
    noneBefore *= 1 - here;
  }
  return sum.value;
}

/** Expected number of relevant rows among the first k. */
function relevantAt(list: List, k: number): number {
  const sum = new StableSum();
  for (const { size, relevant, before } of list.groups) {
    const taken = Math.min(size, k - before);
    if (taken <= 0) break;
    sum.add((relevant * taken) / size);
  }
  return sum.value;
}

/** Chance that a relevant row is among the first k. */
function hitRate(list: List, k: number): number {
  const first = list.groups.find((group) => group.relevant > 0);
  if (!first || first.before >= k) return 0;
  const taken = Math.min(first.size, k - first.before);
  let none = 1;
  for (let place = 0; place < taken; place++) {
    none *= Math.max(0, first.size - first.relevant - place) / (first.size - place);
  }
  return 1 - none;
}

function listsOf(sample: RankingSample): {
  readonly lists: readonly List[];
  readonly weights: readonly number[] | null;
  readonly places: readonly number[];
} {
  const { labels, scores, queries, weights, ids } = sample;
  const rowsOf = new Map<number, number[]>();
  queries.forEach((query, row) => {
    const rows = rowsOf.get(query);
    if (rows) rows.push(row);
    else rowsOf.set(query, [row]);
  });
  // By code, which is sorted by name: the order of the rows must not show in the last digit.
  const each = [...rowsOf].sort(([a], [b]) => a - b).map(([, rows]) => rows);
  return {
    lists: each.map((rows) => listOf(rows, labels, scores)),
    weights: weights && each.map((rows) => weights[rows[0] as number] as number),
    places: each.map((rows) =>
      rows.reduce((least, row) => (ids && (ids[row] as string) < (ids[least] as string) ? row : least)),
    ),
  };
}

function listOf(rows: readonly number[], labels: Float64Array, scores: Float64Array): List {
  const order = [...rows].sort((a, b) => (scores[b] as number) - (scores[a] as number));
  const groups: Group[] = [];
  let relevantBefore = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    let relevant = 0;
    const gains = { linear: new StableSum(), exponential: new StableSum() };
    const score = scores[order[from] as number];
    for (; to < order.length && scores[order[to] as number] === score; to++) {
      const label = labels[order[to] as number] as number;
      if (label > 0) relevant++;
      for (const gain of GAINS) gains[gain].add(gainOf[gain](label));
    }
    groups.push({
      size: to - from,
      relevant,
      gains: { linear: gains.linear.value, exponential: gains.exponential.value },
      before: from,
      relevantBefore,
    });
    relevantBefore += relevant;
    from = to;
  }
  const ideal = Float64Array.from(rows, (row) => labels[row] as number)
    .sort()
    .reverse();
  return { groups, rows: rows.length, relevant: relevantBefore, ideal };
}
