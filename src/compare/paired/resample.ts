import type { Predictions } from '../../metrics/predictions.js';
import { scoreEach } from '../../metrics/score.js';
import { takeRows } from '../../metrics/subset.js';
import { accelerationOf, bootstrapIntervals } from '../../statistics/bootstrap.js';
import { type Random, randomOf } from '../../statistics/random.js';
import { sampleVariance } from '../../statistics/sums.js';
import { LEVEL, type PairedRows } from '../difference.js';

/**
 * How much metrics without a formula for it (medians, calibration errors, the KS statistic) vary with the rows: few rows by the paired
 * bootstrap, in which both models are scored on the same resampled rows; many rows by batches, whose differences are as many
 * independent looks at a smaller sample (batch means: one pass over the rows instead of hundreds).
 */

const RESAMPLES = 400;
/** Up to here the bootstrap takes about a second. */
const MOST_ROWS = 2000;
/** Fewer than ten batches tell little of their own spread; more than thirty need not be. */
const BATCHES = { least: 10, most: 30, rows: 500 } as const;
/** Fewer say little of their own variance, and would claim a narrow interval by luck. */
const LEAST_ROWS = 20;
const SEED = 20_261_125;

/** @param of.seeds how many of the files are the candidate's; `names` the metrics that are wanted */
export function resampledErrors(
  files: readonly Predictions[],
  of: { readonly rows: Int32Array; readonly seeds: number; readonly names: readonly string[] },
): ReadonlyMap<string, PairedRows> {
  const isSampleOfRows = files.every(({ task }) => task !== 'ranking' && task !== 'forecast');
  if (of.names.length === 0 || of.rows.length < LEAST_ROWS || !isSampleOfRows) return new Map();
  const taken = files.map((file) => takeRows({ ...file, slices: new Map() }, of.rows));
  return of.rows.length <= MOST_ROWS ? bootstrap(taken, of) : batches(taken, of);
}

interface Wanted {
  readonly seeds: number;
  readonly names: readonly string[];
}

function bootstrap(files: readonly Predictions[], wanted: Wanted): ReadonlyMap<string, PairedRows> {
  const rows = files[0]?.rows ?? 0;
  const random = randomOf(SEED);
  const observed = differences(files, wanted);
  const replicates = new Map(wanted.names.map((name) => [name, new Float64Array(RESAMPLES)]));
  for (let b = 0; b < RESAMPLES; b++) {
    const counts = resample(rows, random);
    const found = differences(
      files.map((file) => weighted(file, counts)),
      wanted,
    );
    for (const [name, values] of replicates) values[b] = found.get(name) ?? Number.NaN;
  }
  const jackknife = groupJackknife(files, wanted);
  const errors = new Map<string, PairedRows>();
  for (const [name, values] of replicates) {
    const estimate = observed.get(name);
    if (estimate === undefined || values.some(Number.isNaN)) continue;
    const left = jackknife.map((one) => one.get(name) ?? Number.NaN);
    const result = bootstrapIntervals({
      estimate,
      replicates: values,
      jackknife: skewed(left),
      level: LEVEL,
    });
    if (!(result.standardError > 0) || !result.bca.every(Number.isFinite)) continue;
    errors.set(name, {
      standardError: result.standardError,
      degreesOfFreedom: rows - 1,
      rows,
      interval: result.bca,
      p: bootstrapP(values),
      method: 'paired rows, bootstrap',
    });
  }
  return errors;
}

/** A jackknife without variation has no skewness: then BCa only corrects the bias. */
function skewed(jackknife: readonly number[]): readonly number[] {
  return Number.isFinite(accelerationOf(jackknife)) ? jackknife : [-1, 1];
}

/** Twice the share of replicates on the rarer side of 0, those at 0 on both; never 0. */
function bootstrapP(replicates: Float64Array): number {
  let [low, high] = [1, 1];
  for (const value of replicates) {
    if (value <= 0) low++;
    if (value >= 0) high++;
  }
  return Math.min(1, (2 * Math.min(low, high)) / (replicates.length + 1));
}

/** The difference without each of some groups of rows: tells the skewness as well as single rows do. */
function groupJackknife(files: readonly Predictions[], wanted: Wanted): ReadonlyMap<string, number>[] {
  const rows = files[0]?.rows ?? 0;
  const groups = Math.min(rows, 50);
  return Array.from({ length: groups }, (_, group) => {
    const kept = Float64Array.from({ length: rows }, (_row, row) => (row % groups === group ? 0 : 1));
    return differences(
      files.map((file) => weighted(file, kept)),
      wanted,
    );
  });
}

function batches(files: readonly Predictions[], wanted: Wanted): ReadonlyMap<string, PairedRows> {
  const rows = files[0]?.rows ?? 0;
  const order = shuffled(rows, randomOf(SEED));
  const count = Math.min(BATCHES.most, Math.max(BATCHES.least, Math.floor(rows / BATCHES.rows)));
  const found = Array.from({ length: count }, (_, batch) => {
    const own = Int32Array.from(
      { length: Math.ceil((rows - batch) / count) },
      (_row, i) => order[batch + i * count] as number,
    ).sort();
    return differences(
      files.map((file) => takeRows(file, own)),
      wanted,
    );
  });
  const errors = new Map<string, PairedRows>();
  for (const name of wanted.names) {
    const values = found.flatMap((one) => one.get(name) ?? []);
    const standardError = Math.sqrt(sampleVariance(values) / values.length);
    if (values.length < count || !(standardError > 0)) continue;
    errors.set(name, { standardError, degreesOfFreedom: count - 1, rows, method: 'paired rows, batches' });
  }
  return errors;
}

/** Candidate minus baseline, each averaged over its files; without metrics that have no value. */
function differences(files: readonly Predictions[], wanted: Wanted): ReadonlyMap<string, number> {
  const names = new Set(wanted.names);
  const sums = new Map<string, number>();
  const counted = new Map<string, number>();
  files.forEach((file, index) => {
    const weight = index < wanted.seeds ? 1 / wanted.seeds : -1 / (files.length - wanted.seeds);
    for (const { name, value } of scoreEach(file, { slices: [] }).next().value?.measures ?? []) {
      if (!names.has(name) || value === null) continue;
      sums.set(name, (sums.get(name) ?? 0) + weight * value);
      counted.set(name, (counted.get(name) ?? 0) + 1);
    }
  });
  return new Map([...sums].filter(([name]) => counted.get(name) === files.length));
}

/** How often each row is drawn in as many draws as there are rows. */
function resample(rows: number, random: Random): Float64Array {
  const counts = new Float64Array(rows);
  for (let draw = 0; draw < rows; draw++) {
    const row = random.below(rows);
    counts[row] = (counts[row] as number) + 1;
  }
  return counts;
}

function weighted(file: Predictions, counts: Float64Array): Predictions {
  const { weights } = file;
  return {
    ...file,
    weights: weights ? counts.map((count, row) => count * (weights[row] as number)) : counts,
  };
}

function shuffled(rows: number, random: Random): Int32Array {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  for (let i = rows - 1; i > 0; i--) {
    const other = random.below(i + 1);
    const row = order[i] as number;
    order[i] = order[other] as number;
    order[other] = row;
  }
  return order;
}
