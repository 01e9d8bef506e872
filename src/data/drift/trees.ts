import type { SampledRows } from './classifier.js';

/** Gradient-boosted trees on binned columns: the small model of the classifier test. No randomness of its own. */

export interface BinnedColumn {
  readonly name: string;
  readonly categorical: boolean;
  /** Bin of each row, reference rows first; 0 is missing. */
  readonly bins: Uint8Array;
  /** Bins there are, with 0. */
  readonly count: number;
}

const BINS = 32;
const ROUNDS = 30;
const DEPTH = 3;
const RATE = 0.2;
const L2 = 1;
const FEWEST_ROWS_OF_LEAF = 20;

/** Columns with one value only are left out. Labels are not looked at, so both halves of the rows are binned alike. */
export function binColumns({ columns, reference, current }: SampledRows): readonly BinnedColumn[] {
  return columns.flatMap(({ name, categorical }, c) => {
    const values = joined(reference[c] as Float64Array, current[c] as Float64Array);
    const { bins, count } = categorical ? categoryBins(values) : numberBins(values);
    const varies = bins.some((bin) => bin !== bins[0]);
    return varies ? [{ name, categorical, bins, count }] : [];
  });
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const all = new Float64Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** By quantiles of the values that are there. */
function numberBins(values: Float64Array): Pick<BinnedColumn, 'bins' | 'count'> {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const edges: number[] = [];
  for (let k = 1; k < BINS; k++) {
    const edge = sorted[Math.floor((sorted.length * k) / BINS)] as number;
    if (edge !== undefined && edge !== edges[edges.length - 1] && edge !== sorted[0]) edges.push(edge);
  }
  const bins = Uint8Array.from(values, (value) => {
    if (Number.isNaN(value)) return 0;
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((edges[middle] as number) <= value) low = middle + 1;
      else high = middle;
    }
    return 1 + low;
  });
  return { bins, count: edges.length + 2 };
}

/** The most frequent values have a bin each, the others share the last. */
function categoryBins(values: Float64Array): Pick<BinnedColumn, 'bins' | 'count'> {
  const counts = new Map<number, number>();
  for (const value of values) if (!Number.isNaN(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
  const ranked = [...counts].sort((x, y) => y[1] - x[1] || x[0] - y[0]).slice(0, BINS - 2);
  const binOf = new Map(ranked.map(([value], i) => [value, 1 + i]));
  const bins = Uint8Array.from(values, (value) =>
    Number.isNaN(value) ? 0 : (binOf.get(value) ?? ranked.length + 1),
  );
  return { bins, count: ranked.length + 2 };
}

const ORDER: readonly number[] = Array.from({ length: BINS + 2 }, (_, bin) => bin);

interface Split {
  readonly column: number;
  /** Bins that go left. */
  readonly left: Uint8Array;
  readonly gain: number;
}

type Node = { readonly split: Split; readonly left: Node; readonly right: Node } | { readonly value: number };

/** Learns from the rows of the two sides; the score of a row is the higher, the more it looks like a positive one. */
export function growTrees(
  columns: readonly BinnedColumn[],
  rows: { readonly negative: Uint32Array; readonly positive: Uint32Array },
): { readonly score: (row: number) => number; readonly gains: Float64Array } {
  const learned = new Uint32Array(rows.negative.length + rows.positive.length);
  learned.set(rows.negative);
  learned.set(rows.positive, rows.negative.length);
  const all = (columns[0] as BinnedColumn).bins.length;
  const margins = new Float64Array(all).fill(Math.log(rows.positive.length / rows.negative.length));
  const gradients = new Float64Array(all);
  const hessians = new Float64Array(all);
  const gains = new Float64Array(columns.length);
  const trees: Node[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    learned.forEach((row, i) => {
      const chance = 1 / (1 + Math.exp(-(margins[row] as number)));
      gradients[row] = chance - (i < rows.negative.length ? 0 : 1);
      hessians[row] = chance * (1 - chance);
    });
    const tree = grow(learned, 0, { columns, gradients, hessians, gains });
    trees.push(tree);
    for (const row of learned) margins[row] = (margins[row] as number) + valueAt(tree, columns, row);
  }
  return { gains, score: (row) => trees.reduce((sum, tree) => sum + valueAt(tree, columns, row), 0) };
}

interface Growing {
  readonly columns: readonly BinnedColumn[];
  readonly gradients: Float64Array;
  readonly hessians: Float64Array;
  readonly gains: Float64Array;
}

function grow(rows: Uint32Array, depth: number, growing: Growing): Node {
  const { columns, gradients, hessians, gains } = growing;
  const split = depth < DEPTH ? bestSplit(rows, growing) : undefined;
  if (!split) {
    let [g, h] = [0, 0];
    for (const row of rows) {
      g += gradients[row] as number;
      h += hessians[row] as number;
    }
    return { value: (-RATE * g) / (h + L2) };
  }
  gains[split.column] = (gains[split.column] as number) + split.gain;
  const { bins } = columns[split.column] as BinnedColumn;
  const goesLeft = (row: number) => split.left[bins[row] as number] === 1;
  return {
    split,
    left: grow(rows.filter(goesLeft), depth + 1, growing),
    right: grow(
      rows.filter((row) => !goesLeft(row)),
      depth + 1,
      growing,
    ),
  };
}

function bestSplit(rows: Uint32Array, { columns, gradients, hessians }: Growing): Split | undefined {
  let best: Split | undefined;
  const g = new Float64Array(BINS + 2);
  const h = new Float64Array(BINS + 2);
  const n = new Float64Array(BINS + 2);
  // Gathered once for all columns: most of the time of learning is spent in the sums below.
  const size = rows.length;
  const rowG = new Float64Array(size);
  const rowH = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    rowG[i] = gradients[rows[i] as number] as number;
    rowH[i] = hessians[rows[i] as number] as number;
  }
  for (const [c, { bins, count, categorical }] of columns.entries()) {
    g.fill(0);
    h.fill(0);
    n.fill(0);
    for (let i = 0; i < size; i++) {
      const bin = bins[rows[i] as number] as number;
      g[bin] = (g[bin] as number) + (rowG[i] as number);
      h[bin] = (h[bin] as number) + (rowH[i] as number);
      n[bin] = (n[bin] as number) + 1;
    }
    const order = ORDER.slice(0, count);
    // The best partition of categories is one of those in the order of their mean gradients (Fisher, 1958).
    const mean = (bin: number) => (g[bin] as number) / ((h[bin] as number) + L2);
    if (categorical) order.sort((x, y) => mean(x) - mean(y) || x - y);
    const [allG, allH] = [total(g), total(h)];
    let [leftG, leftH, leftN] = [0, 0, 0];
    for (let i = 0; i < order.length - 1; i++) {
      const bin = order[i] as number;
      leftG += g[bin] as number;
      leftH += h[bin] as number;
      leftN += n[bin] as number;
      if (leftN < FEWEST_ROWS_OF_LEAF || rows.length - leftN < FEWEST_ROWS_OF_LEAF) continue;
      const gain =
        leftG ** 2 / (leftH + L2) + (allG - leftG) ** 2 / (allH - leftH + L2) - allG ** 2 / (allH + L2);
      if (gain > (best?.gain ?? 1e-9)) {
        const left = new Uint8Array(BINS + 2);
        for (const before of order.slice(0, i + 1)) left[before] = 1;
        best = { column: c, left, gain };
      }
    }
  }
  return best;
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function valueAt(tree: Node, columns: readonly BinnedColumn[], row: number): number {
  let node = tree;
  while ('split' in node) {
    const bin = (columns[node.split.column] as BinnedColumn).bins[row] as number;
    node = node.split.left[bin] === 1 ? node.left : node.right;
  }
  return node.value;
}
