/**
 * Histogram gradient boosting for binary labels, in plain JavaScript: second-order boosting of the logistic loss
 * (Friedman 2001; Chen and Guestrin 2016) on columns cut into at most 64 bins. An example of a team's own code: Assay
 * knows nothing of it.
 */
const BINS = 64;

/** @param columns Uint8Array per feature, bin of each row */
export function boost({ columns, labels, rows, trees, depth, rate, l2, subsample, random }) {
  const base = Math.log(mean(rows, labels) / (1 - mean(rows, labels)));
  const margin = new Float64Array(labels.length).fill(base);
  const gradient = new Float64Array(labels.length);
  const hessian = new Float64Array(labels.length);
  const forest = [];
  for (let t = 0; t < trees; t++) {
    for (const row of rows) {
      const p = 1 / (1 + Math.exp(-margin[row]));
      gradient[row] = p - labels[row];
      hessian[row] = p * (1 - p);
    }
    const sample = rows.filter(() => random() < subsample);
    const tree = grow(sample, depth);
    forest.push(tree);
    for (const row of rows) margin[row] += rate * leafOf(tree, columns, row);
  }
  return { base, rate, forest };

  function grow(members, levels) {
    let [g, h] = [0, 0];
    for (const row of members) {
      g += gradient[row];
      h += hessian[row];
    }
    const split = levels > 0 && members.length >= 40 ? bestSplit(members, g, h) : null;
    if (!split) return { value: -g / (h + l2) };
    const column = columns[split.feature];
    return {
      ...split,
      left: grow(
        members.filter((row) => column[row] <= split.bin),
        levels - 1,
      ),
      right: grow(
        members.filter((row) => column[row] > split.bin),
        levels - 1,
      ),
    };
  }

  function bestSplit(members, g, h) {
    let best = { gain: 1e-6 };
    const [gs, hs] = [new Float64Array(BINS), new Float64Array(BINS)];
    columns.forEach((column, feature) => {
      gs.fill(0);
      hs.fill(0);
      for (const row of members) {
        gs[column[row]] += gradient[row];
        hs[column[row]] += hessian[row];
      }
      let [gl, hl] = [0, 0];
      for (let bin = 0; bin < BINS - 1; bin++) {
        gl += gs[bin];
        hl += hs[bin];
        if (hl < 2 || h - hl < 2) continue;
        const gain = gl ** 2 / (hl + l2) + (g - gl) ** 2 / (h - hl + l2) - g ** 2 / (h + l2);
        if (gain > best.gain) best = { gain, feature, bin };
      }
    });
    return best.feature === undefined ? null : { feature: best.feature, bin: best.bin };
  }
}

/** The probability that the row's label is 1. */
export function predict(model, columns, row) {
  let margin = model.base;
  for (const tree of model.forest) margin += model.rate * leafOf(tree, columns, row);
  return 1 / (1 + Math.exp(-margin));
}

function leafOf(tree, columns, row) {
  let node = tree;
  while (node.left) node = columns[node.feature][row] <= node.bin ? node.left : node.right;
  return node.value;
}

const mean = (rows, values) => rows.reduce((sum, row) => sum + values[row], 0) / rows.length;

/** Bins a column of texts: numbers by quantile, words by order of appearance in the alphabet. */
export function binned(values) {
  const numbers = values.map((text) => (text === '' ? Number.NaN : Number(text)));
  const numeric = values.every((text, i) => text === '' || Number.isFinite(numbers[i]));
  const distinct = [
    ...new Set(numeric ? numbers.filter(Number.isFinite).sort((a, b) => a - b) : [...values].sort()),
  ];
  if (!numeric || distinct.length < BINS) {
    const code = new Map(distinct.map((value, i) => [value, Math.min(BINS - 1, i + 1)]));
    return Uint8Array.from(values, (text, i) => code.get(numeric ? numbers[i] : text) ?? 0);
  }
  const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b);
  const edges = Array.from(
    { length: BINS - 2 },
    (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / (BINS - 1))],
  );
  return Uint8Array.from(numbers, (x) => (Number.isNaN(x) ? 0 : 1 + edges.filter((edge) => x > edge).length));
}
