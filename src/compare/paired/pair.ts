import type { EvaluateConfig } from '../../config/model.js';
import { plural } from '../../format.js';
import type { Measure } from '../../metrics/measure.js';
import { metricKey, type Slice } from '../../metrics/metric.js';
import type { Predictions } from '../../metrics/predictions.js';
import { type ScoredRows, scoreEach } from '../../metrics/score.js';
import { twoSidedQuantile } from '../../statistics/distributions/student.js';
import { skewedInterval, sumError } from '../../statistics/moments.js';
import { clopperPearson } from '../../statistics/proportions.js';
import { mean } from '../../statistics/sums.js';
import type { CommonValues, PairedEvidence } from '../compare.js';
import { LEVEL, type PairedRows } from '../difference.js';
import { alignRows } from './align.js';
import { decisionEvidence, jointCounts } from './decisions.js';
import { resampledErrors } from './resample.js';

/**
 * Row-by-row evidence about two runs that scored the same rows, per metric the strongest there is:
 *
 * - metrics of decisions between two classes: exact, from the eight counts they depend on (`decisions.ts`);
 * - other smooth metrics: the difference, averaged over the seeds of each run, has the influence mean(candidate's) − mean(baseline's)
 *   on each row, and from that the standard error √Σ influence² / n; for the area under the ROC curve that is DeLong's (1988);
 * - metrics without influence (medians, calibration errors, the KS statistic): resampling (`resample.ts`).
 *
 * Where the two files have only some rows in common, those are compared, with their values scored again on these rows.
 *
 * @param candidate one file per seed, at least one; likewise the baseline
 * @param isRescored both are to be compared by values scored here, for those that the runs recorded were defined differently
 * @param isResampled which metrics are worth the time that resampling takes; by default those over all rows
 */
export function pairRows(
  candidate: readonly Predictions[],
  baseline: readonly Predictions[],
  config: Pick<EvaluateConfig, 'slices' | 'split'>,
  isResampled: IsResampled = ({ slice }) => slice === null,
  isRescored = false,
): PairedEvidence {
  if (candidate.length === 0 || baseline.length === 0) return { kind: 'unpaired', why: null };
  const aligned = alignRows([...candidate, ...baseline], candidate.length);
  if (typeof aligned === 'string') return { kind: 'incomparable', why: aligned };
  const [reference] = aligned.files;
  if (!reference) return { kind: 'unpaired', why: null };
  const slices = config.slices.filter((entry) =>
    [entry].flat().every((name) => isCutAlike(name, aligned.files)),
  );
  // One cut for all files, so that the slices come in step.
  const files = aligned.files.map((file) => ({ ...file, slices: reference.slices }));
  const byMetric = new Map<string, PairedRows>();
  const refused = new Map<string, string>();
  const values = new Map<string, CommonValues>();
  for (const scored of inStep(files.map((file) => scoreEach(file, { slices })))) {
    const part = new Part(files, scored, { seeds: candidate.length, isResampled });
    for (const name of part.names) {
      const key = metricKey({ name, slice: part.slice, split: config.split });
      const evidence = part.evidence(name);
      if (typeof evidence === 'string') refused.set(key, evidence);
      else if (evidence) byMetric.set(key, evidence);
      const own = part.values(name);
      if (own && (aligned.left !== null || isRescored)) values.set(key, own);
    }
  }
  if (aligned.left === null && !isRescored) return { kind: 'paired', byMetric, refused };
  return { kind: 'paired', byMetric, refused, common: { words: aligned.left, values } };
}

/** Whether all files that have the column have the same value for each row. */
function isCutAlike(column: string, files: readonly Predictions[]): boolean {
  const [first, ...others] = files.flatMap((file) => file.slices.get(column) ?? []);
  return others.every(({ codes, values }) =>
    codes.every((code, row) => values[code] === first?.values[first.codes[row] as number]),
  );
}

/** The next item of each, until one ends. */
function* inStep<T>(all: readonly Iterator<T>[]): Generator<readonly T[]> {
  for (;;) {
    const items = all.map((one) => one.next());
    if (items.some(({ done }) => done)) return;
    yield items.map(({ value }) => value as T);
  }
}

/** Metrics of how the two classes are ordered. */
const RANKED = new Set(['roc_auc', 'gini', 'average_precision', 'pr_auc_trapezoid']);

/** Losses of probabilities, whose variance the misjudged rows make. */
const LOSSES = new Set(['log_loss', 'brier', 'd2_log_loss', 'd2_brier']);
const LEAST_ERRORS = 3;

/** Whether a row is misjudged: the likelier of two classes is not its own, or it is decided wrongly. Null for other tasks. */
function errorsOf(file: Predictions): ((row: number) => boolean) | null {
  if (file.task === 'binary' && file.scores) {
    const { labels, scores } = file;
    return (row) => (scores[row] as number) >= 0.5 !== (labels[row] === 1);
  }
  if (file.task !== 'binary' && file.task !== 'multiclass') return null;
  const { labels, predicted } = file;
  return (row) => labels[row] !== predicted[row];
}

type IsResampled = (metric: { readonly name: string; readonly slice: Slice | null }) => boolean;

/** All rows or one slice, scored by each file. */
class Part {
  readonly #scored: readonly ScoredRows[];
  readonly #seeds: number;
  readonly #isResampled: IsResampled;
  readonly #byName: readonly ReadonlyMap<string, Measure>[];
  readonly #decisions: ReadonlyMap<string, PairedRows>;
  readonly #isIdentical: boolean;
  #resampled: ReadonlyMap<string, PairedRows> | undefined;
  readonly #files: readonly Predictions[];

  constructor(
    files: readonly Predictions[],
    scored: readonly ScoredRows[],
    options: { readonly seeds: number; readonly isResampled: IsResampled },
  ) {
    this.#files = files;
    this.#scored = scored;
    this.#seeds = options.seeds;
    this.#isResampled = options.isResampled;
    this.#byName = scored.map(({ measures }) => new Map(measures.map((measure) => [measure.name, measure])));
    const [candidate, baseline] = files;
    const isPair = files.length === 2 && candidate && baseline;
    const theirs = files.slice(options.seeds);
    this.#isIdentical =
      theirs.length === options.seeds &&
      theirs.every((file, seed) => saysTheSame(files[seed] as Predictions, file, this.#rows));
    this.#decisions = isPair && !this.#isIdentical ? decisionsOf(candidate, baseline, this.#rows) : new Map();
  }

  get slice(): Slice | null {
    return this.#scored[0]?.slice ?? null;
  }

  get #rows(): Int32Array {
    return this.#scored[0]?.rows ?? new Int32Array(0);
  }

  /** Metrics that every file has a value of. */
  get names(): readonly string[] {
    return [...(this.#byName[0]?.keys() ?? [])].filter((name) =>
      this.#byName.every((measures) => typeof measures.get(name)?.value === 'number'),
    );
  }

  values(name: string): { candidate: number[]; baseline: number[]; rows: number } | null {
    const all = this.#byName.map((measures) => measures.get(name)?.value ?? Number.NaN);
    if (all.some((value) => !Number.isFinite(value))) return null;
    return {
      candidate: all.slice(0, this.#seeds),
      baseline: all.slice(this.#seeds),
      rows: this.#rows.length,
    };
  }

  /** Null when how much the rows matter is not known; a text when they are too few to know, with the reason. */
  evidence(name: string): PairedRows | string | null {
    const rows = this.#rows.length;
    if (this.#isIdentical) {
      return { standardError: 0, degreesOfFreedom: Math.max(1, rows - 1), rows, method: 'paired rows' };
    }
    return (
      this.#decisions.get(name) ??
      this.#tooFewErrors(name) ??
      this.#fromInfluence(name) ??
      this.#fromResamples(name)
    );
  }

  /** How much a loss varies is made by the rows that are misjudged: with hardly any, the others say that it never varies. */
  #tooFewErrors(name: string): string | null {
    if (!LOSSES.has(name)) return null;
    const wrong = this.#files.map((file) => errorsOf(file));
    if (wrong.some((errs) => errs === null)) return null;
    let errors = 0;
    for (const row of this.#rows) {
      if (wrong.some((errs) => errs?.(row))) errors++;
      if (errors >= LEAST_ERRORS) return null;
    }
    return `${errors === 0 ? 'no row is' : `only ${plural(errors, 'row is', 'rows are')}`} misjudged by either model, which is too few to know how much ${name} varies`;
  }

  /** Both order all rows rightly: the share of the rarer class that others would get wrong is below the limit of 0 in as many. */
  #fromPerfection(name: string): PairedRows | null {
    const scarcer = this.#scarcerClass();
    const all = this.values(name);
    if (!RANKED.has(name) || scarcer === null || all === null) return null;
    if (![...all.candidate, ...all.baseline].every((value) => value === 1)) return null;
    const reach = Math.min(
      1,
      (name === 'gini' ? 2 : 1) * clopperPearson({ k: 0, n: scarcer, level: LEVEL })[1],
    );
    return {
      standardError: reach / twoSidedQuantile(LEVEL, null),
      degreesOfFreedom: Math.max(1, scarcer - 1),
      rows: this.#rows.length,
      method: 'paired rows, both without an error',
      interval: [-reach, reach],
      p: 1,
    };
  }

  #fromInfluence(name: string): PairedRows | null {
    const rows = this.#rows.length;
    const measures = this.#byName.map((measures) => measures.get(name));
    if (rows < 2 || !measures.every((measure) => measure?.influence)) return null;
    const pulls = new Float64Array(rows);
    measures.forEach((measure, file) => {
      const influence = measure?.influence?.();
      const weight = file < this.#seeds ? 1 / this.#seeds : -1 / (measures.length - this.#seeds);
      for (let i = 0; i < rows; i++) pulls[i] = (pulls[i] as number) + weight * (influence?.[i] as number);
    });
    const error = sumError(pulls);
    const { variance, skewness } = error;
    // Nothing pulls although the two are not the same: both are perfect, say, and that tells nothing of other rows.
    if (error.degreesOfFreedom === null) return this.#fromPerfection(name);
    const degreesOfFreedom = Math.min(error.degreesOfFreedom, this.#rankedFreedom(name));
    const standardError = Math.sqrt(variance) / rows;
    const all = this.values(name);
    return {
      standardError,
      degreesOfFreedom,
      rows,
      method: name === 'roc_auc' || name === 'gini' ? 'paired rows, DeLong' : 'paired rows',
      interval: skewedInterval({
        estimate: mean(all?.candidate ?? []) - mean(all?.baseline ?? []),
        standardError,
        skewness,
        quantile: twoSidedQuantile(LEVEL, degreesOfFreedom),
      }),
    };
  }

  /** What orders the rows is known as well as the rarer class is: one less than its rows. */
  #rankedFreedom(name: string): number {
    const scarcer = RANKED.has(name) ? this.#scarcerClass() : null;
    return scarcer === null ? Number.POSITIVE_INFINITY : Math.max(1, scarcer - 1);
  }

  /** Rows of the rarer of two classes; null for other tasks. */
  #scarcerClass(): number | null {
    const [reference] = this.#files;
    if (reference?.task !== 'binary') return null;
    let positive = 0;
    for (const row of this.#rows) positive += reference.labels[row] as number;
    return Math.min(positive, this.#rows.length - positive);
  }

  #fromResamples(name: string): PairedRows | null {
    this.#resampled ??= resampledErrors(this.#files, {
      rows: this.#rows,
      seeds: this.#seeds,
      // Only what has no influence in any file: the rest has its answer.
      names: this.names.filter(
        (one) =>
          this.#isResampled({ name: one, slice: this.slice }) &&
          this.#byName.every((measures) => !measures.get(one)?.influence),
      ),
    });
    return this.#resampled.get(name) ?? null;
  }
}

function decisionsOf(
  candidate: Predictions,
  baseline: Predictions,
  rows: Int32Array,
): ReadonlyMap<string, PairedRows> {
  if (candidate.task !== 'binary' || baseline.task !== 'binary' || candidate.weights || baseline.weights)
    return new Map();
  const pick = (values: Uint8Array) => Uint8Array.from(rows, (row) => values[row] as number);
  return decisionEvidence(
    jointCounts({
      labels: pick(candidate.labels),
      candidate: pick(candidate.predicted),
      baseline: pick(baseline.predicted),
    }),
  );
}

/** Whether two files say the same of every row, to the last digit. */
function saysTheSame(a: Predictions, b: Predictions, rows: Int32Array): boolean {
  const [left, right] = [outputsOf(a), outputsOf(b)];
  return (
    left.length === right.length &&
    left.every((column, c) => rows.every((row) => column[row] === right[c]?.[row]))
  );
}

function outputsOf(file: Predictions): readonly ArrayLike<number>[] {
  const weights = file.weights ? [file.weights] : [];
  switch (file.task) {
    case 'binary':
      return [...weights, file.predicted, ...(file.scores ? [file.scores] : [])];
    case 'multiclass':
      return [...weights, file.predicted, ...(file.scores ?? [])];
    case 'multilabel':
      return [...weights, ...file.predicted, ...(file.scores ?? [])];
    case 'regression':
      return [...weights, file.predicted, ...(file.quantiles ?? []).map(({ values }) => values)];
    case 'ranking':
      return [...weights, file.scores];
    case 'forecast':
      return [...weights, file.predicted, ...file.quantiles.map(({ values }) => values)];
  }
}
