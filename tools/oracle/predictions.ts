import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readPredictions } from '../../src/commands/evaluation/predictions-file.js';
import { evaluateConfig } from '../../src/config/model.js';
import type { BinaryPredictions } from '../../src/metrics/columnar.js';
import type { Metric } from '../../src/metrics/metric.js';
import type { Predictions } from '../../src/metrics/predictions.js';
import { calibrationBins } from '../../src/metrics/probability.js';
import { scorePredictions } from '../../src/metrics/score.js';
import { mcnemar } from '../../src/statistics/contingency.js';
import type { World } from '../../src/world.js';
import { guessed } from './guess.js';
import { type Fields, isFields, type Value } from './reference.js';

/** Scores of predictions files against `*_reference_metrics.json`: of each model over all rows and in each slice. */

/** One set of values to hold against each other. */
export interface ScoredCase {
  readonly kind: string;
  readonly name: string;
  readonly expected: Fields;
  readonly computed: Fields;
  /** Values that were left out because the reference follows another convention, in words. */
  readonly conventions?: readonly string[];
}

/** Files of the team's own formats are looked for under these endings. */
const ENDINGS = ['.csv', '.parquet', '.jsonl', '.tsv', '.csv.gz', '.jsonl.gz', '.csv.zst'] as const;

/** Settings of `evaluate:` that a reference may state beside its models, or a model for itself. */
const SETTINGS = ['task', 'columns', 'positive', 'threshold', 'at', 'season', 'split'] as const;

/**
 * @param reference `{ models: { NAME: { metric: value, slices: { column: { value: { metric: value } } } } } }`; with
 *   `evaluate: { task, columns, positive, … }` as in assay.yml where the predictions are not binary or have other columns
 * @param named predictions files by the model's name; the others are looked for beside the reference
 * @throws Error naming the file that is not there
 */
export async function scoredCases(
  reference: Fields,
  options: { readonly file: string; readonly named: ReadonlyMap<string, string>; readonly world: World },
): Promise<ScoredCase[]> {
  const models = reference.models;
  if (!isFields(models)) throw new Error('models is not an object');
  const read = new Map<string, Predictions>();
  const cases: ScoredCase[] = [];
  for (const [name, values] of Object.entries(models)) {
    if (!isFields(values)) continue;
    const path = options.named.get(name) ?? beside(options.file, name);
    const stated = { ...statedSettings(reference), ...statedSettings(values) };
    const config = evaluateConfig.parse({
      ...(stated.task === undefined ? await guessed(path) : {}),
      ...stated,
      predictions: path,
      slices: Object.keys(isFields(values.slices) ? values.slices : {}).map(columnsOf),
    });
    const predictions = await readPredictions(path, { file: path, config, world: options.world });
    read.set(name, predictions);
    const metrics = scorePredictions(predictions, config, {});
    cases.push(...casesOf(name, values, { metrics, predictions }));
  }
  const paired = reference.paired;
  if (isFields(paired)) cases.push(pairedCase(paired, read));
  return cases;
}

function statedSettings(fields: Fields): Record<string, Value> {
  const inner = isFields(fields.evaluate) ? fields.evaluate : {};
  const outer = SETTINGS.flatMap((name) => {
    const value = fields[name];
    // A threshold may be put in words, and a number of a metric is no setting.
    const fits = name === 'columns' ? isFields(value) : name !== 'threshold' || typeof value === 'number';
    return value === undefined || !fits ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(outer), ...inner };
}

function beside(reference: string, model: string): string {
  const prefix = basename(reference).replace(/reference_metrics\.json$/, '');
  const tried = [prefix, ''].flatMap((start) => ENDINGS.map((ending) => `${start}${model}${ending}`));
  const found = tried.map((name) => join(dirname(reference), name)).find((path) => existsSync(path));
  if (found) return found;
  throw new Error(
    `no predictions of ${model}: neither ${tried.join(' nor ')} is beside ${reference}; name the file: --predictions ${model}=FILE`,
  );
}

/** `sex x race` are the intersections of two columns. */
function columnsOf(entry: string): string | string[] {
  const columns = entry.split(' x ');
  return columns.length > 1 ? columns : entry;
}

function casesOf(
  model: string,
  values: Fields,
  scored: { readonly metrics: readonly Metric[]; readonly predictions: Predictions },
): ScoredCase[] {
  const cases = [caseOf(`${model}, all rows`, values, scored, null)];
  for (const [entry, groups] of Object.entries(isFields(values.slices) ? values.slices : {})) {
    const columns = [columnsOf(entry)].flat();
    for (const [group, inGroup] of Object.entries(isFields(groups) ? groups : {})) {
      const parts = columns.length > 1 ? group.split(' x ') : [group];
      const slice = Object.fromEntries(columns.map((column, i) => [column, parts[i] ?? '']));
      if (isFields(inGroup)) cases.push(caseOf(`${model}, ${entry} = ${group}`, inGroup, scored, slice));
    }
  }
  return cases;
}

function caseOf(
  name: string,
  values: Fields,
  scored: { readonly metrics: readonly Metric[]; readonly predictions: Predictions },
  slice: Readonly<Record<string, string>> | null,
): ScoredCase {
  const own = scored.metrics.filter((metric) => sameSlice(metric.slice, slice));
  const computed: Record<string, Value> = {
    n: own[0]?.n ?? 0,
    ...countsOf(scored.predictions, slice),
    ...Object.fromEntries(own.map((metric) => [metric.name, metric.value])),
  };
  const reasons = new Map(own.map((metric) => [metric.name, metric.reason]));
  const conventions: string[] = [];
  const expected = Object.fromEntries(
    Object.entries(values)
      .filter(([key, value]) => !isRemark(key, value))
      .flatMap(([key, value]): [string, Value][] => {
        const reason = reasons.get(key);
        // Of one class alone scikit-learn gives 0 or 1 and a warning; here it is undefined, which is said and not held against it.
        if (computed[key] === null && (value === 0 || value === 1) && reason?.includes('one class')) {
          conventions.push(
            `${key} is undefined here (${reason}) and ${value} in the reference, by scikit-learn's convention`,
          );
          return [];
        }
        return [[key, key === 'calibration_bins' ? binsOf(value) : value]];
      }),
  );
  return {
    conventions,
    kind:
      slice === null ? `scores, ${scored.predictions.task}` : `scores in slices, ${scored.predictions.task}`,
    name,
    expected,
    computed,
  };
}

/** What describes a model rather than measures it: texts, settings, and the slices, which are cases of their own. */
function isRemark(key: string, value: Value): boolean {
  if (key === 'slices' || key === 'evaluate' || key === 'columns' || key === 'at') return true;
  if (key === 'threshold' || key === 'season' || key === 'split') return true;
  return typeof value === 'string' || typeof value === 'boolean';
}

function sameSlice(a: Metric['slice'], b: Readonly<Record<string, string>> | null): boolean {
  if (a === null || b === null) return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((column) => a[column] === b[column]);
}

function countsOf(predictions: Predictions, slice: Readonly<Record<string, string>> | null): Fields {
  const wanted = Object.entries(slice ?? {}).map(([column, value]) => {
    const found = predictions.slices.get(column);
    return { codes: found?.codes, code: found?.values.indexOf(value) ?? -1 };
  });
  const inSlice = Int32Array.from({ length: predictions.rows }, (_, row) => row).filter((row) =>
    wanted.every(({ codes, code }) => codes?.[row] === code),
  );
  if (predictions.task === 'multiclass') return matrixOf(predictions, inSlice);
  if (predictions.task !== 'binary') return {};
  const cells: [[number, number], [number, number]] = [
    [0, 0],
    [0, 0],
  ];
  for (const row of inSlice) {
    const line = cells[predictions.labels[row] === 1 ? 1 : 0];
    line[predictions.predicted[row] === 1 ? 1 : 0]++;
  }
  return {
    positives: cells[1][0] + cells[1][1],
    confusion_matrix: cells,
    ...calibrationOf(predictions, inSlice),
  };
}

/** Rows of each class that are predicted as each, classes sorted. */
function matrixOf(predictions: Extract<Predictions, { task: 'multiclass' }>, rows: Int32Array): Fields {
  const counts = predictions.classes.map(() => predictions.classes.map(() => 0));
  for (const row of rows) {
    const line = counts[predictions.labels[row] ?? -1];
    const guess = predictions.predicted[row] ?? -1;
    if (line) line[guess] = (line[guess] ?? 0) + 1;
  }
  return { confusion_matrix: counts };
}

/** Bins as lists of numbers: bin, rows, share of positives, mean score. */
function calibrationOf(predictions: BinaryPredictions, rows: Int32Array): Fields {
  const { labels, scores } = predictions;
  if (!scores) return {};
  const bins = calibrationBins({
    labels: Uint8Array.from(rows, (row) => labels[row] ?? 0),
    scores: Float64Array.from(rows, (row) => scores[row] ?? Number.NaN),
    weights: null,
  });
  return { calibration_bins: bins.map(({ bin, weight, share, score }) => [bin, weight, share, score]) };
}

function binsOf(value: Value): Value {
  if (!Array.isArray(value)) return value;
  return value.map((bin) =>
    isFields(bin) ? [bin.bin, bin.n, bin.mean_y, bin.mean_score].flatMap((one) => one ?? []) : bin,
  );
}

/** Two models on the same rows: how often only one of them is right, and McNemar's test of that. */
function pairedCase(paired: Fields, read: ReadonlyMap<string, Predictions>): ScoredCase {
  const [baseline, candidate] = [paired.baseline, paired.candidate].map((name) => read.get(String(name)));
  const expected = Object.fromEntries(
    Object.entries(paired).filter(([name]) => name !== 'baseline' && name !== 'candidate'),
  );
  const counts = {
    both_right: 0,
    baseline_right_candidate_wrong: 0,
    baseline_wrong_candidate_right: 0,
    both_wrong: 0,
  };
  if (baseline?.task === 'binary' && candidate?.task === 'binary') {
    const place = new Map(candidate.ids?.map((id, row) => [id, row]));
    for (let row = 0; row < baseline.rows; row++) {
      const other = place.get(baseline.ids?.[row] ?? '') ?? row;
      const before = baseline.predicted[row] === baseline.labels[row];
      const after = candidate.predicted[other] === candidate.labels[other];
      if (before && after) counts.both_right++;
      else if (before) counts.baseline_right_candidate_wrong++;
      else if (after) counts.baseline_wrong_candidate_right++;
      else counts.both_wrong++;
    }
  }
  const test = mcnemar(counts.baseline_right_candidate_wrong, counts.baseline_wrong_candidate_right);
  const computed = {
    ...counts,
    mcnemar_exact_p: test.pExact,
    mcnemar_chi2: test.chiSquared.statistic,
    mcnemar_chi2_p: test.chiSquared.p,
    mcnemar_chi2_cc: test.corrected.statistic,
    mcnemar_chi2_cc_p: test.corrected.p,
  };
  return { kind: 'paired', name: 'paired', expected, computed };
}
