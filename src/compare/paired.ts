import type { EvaluateConfig } from '../config/model.js';
import { plural } from '../format.js';
import { labelOf } from '../metrics/columnar.js';
import { metricKey, type Slice } from '../metrics/metric.js';
import type { Predictions } from '../metrics/predictions.js';
import { type ScoredRows, scoreAll } from '../metrics/score.js';
import { StableSum } from '../metrics/sums.js';
import type { PairedEvidence } from './compare.js';
import type { PairedRows } from './difference.js';

/**
 * Row-by-row evidence about two runs that scored the same rows. The difference in a metric, averaged over the seeds of
 * each run, has the influence mean(candidate's) − mean(baseline's) on each row, and from that the standard error
 * √Σ influence² / n: for the area under the ROC curve that is DeLong's test (1988), for accuracy McNemar's.
 *
 * @param candidate one file per seed, at least one; likewise the baseline
 */
export function pairRows(
  candidate: readonly Predictions[],
  baseline: readonly Predictions[],
  config: Pick<EvaluateConfig, 'slices' | 'split'>,
): PairedEvidence {
  const [reference] = candidate;
  if (!reference || baseline.length === 0) return { kind: 'unpaired', why: null };
  const aligned: {
    readonly places: Int32Array;
    readonly scored: readonly ScoredRows[];
    readonly weight: number;
  }[] = [];
  for (const [files, sign] of [
    [candidate, 1],
    [baseline, -1],
  ] as const) {
    for (const file of files) {
      const places = placesOf(file, reference);
      if (typeof places === 'string') return { kind: 'incomparable', why: places };
      aligned.push({ places, scored: scoreAll(file, config), weight: sign / files.length });
    }
  }
  const byMetric = new Map<string, PairedRows>();
  for (const { slice, rows, measures } of aligned[0]?.scored ?? []) {
    for (const { name } of measures) {
      const standardError = pairedError({ aligned, slice, name, length: reference.rows, rows: rows.length });
      if (standardError === null) continue;
      byMetric.set(metricKey({ name, slice, split: config.split }), { standardError, rows: rows.length });
    }
  }
  return { kind: 'paired', byMetric };
}

/** Null when a file lacks the metric, has no influence for it, or cuts the slice differently. */
function pairedError(options: {
  readonly aligned: readonly { places: Int32Array; scored: readonly ScoredRows[]; weight: number }[];
  readonly slice: Slice | null;
  readonly name: string;
  readonly length: number;
  readonly rows: number;
}): number | null {
  const pulls = new Float64Array(options.length);
  const key = metricKey({ name: options.name, slice: options.slice, split: null });
  for (const { places, scored, weight } of options.aligned) {
    const part = scored.find(({ slice }) => metricKey({ name: options.name, slice, split: null }) === key);
    const influence = part?.measures.find((measure) => measure.name === options.name)?.influence?.();
    if (!part || !influence || part.rows.length !== options.rows) return null;
    for (let i = 0; i < influence.length; i++) {
      const place = places[part.rows[i] ?? 0] ?? 0;
      pulls[place] = (pulls[place] ?? 0) + weight * (influence[i] ?? 0);
    }
  }
  const squares = new StableSum();
  for (const pull of pulls) squares.add(pull * pull);
  return Math.sqrt(squares.value) / options.rows;
}

/** For each row of `file` the row of `reference` that it is, or why they are not the same rows. */
function placesOf(file: Predictions, reference: Predictions): Int32Array | string {
  const places = Int32Array.from({ length: file.rows }, (_, row) => row);
  if (file.ids && reference.ids) {
    const known = new Map(reference.ids.map((id, row) => [id, row]));
    for (let row = 0; row < file.rows; row++) places[row] = known.get(file.ids[row] ?? '') ?? -1;
  }
  const shared = file.rows - places.filter((place) => place < 0).length;
  if (shared !== file.rows || file.rows !== reference.rows) {
    return `scored on other rows: ${plural(Math.min(shared, reference.rows), 'row')} in common, of ${reference.rows} here and ${file.rows} in the baseline`;
  }
  const differing = places.reduce(
    (count, place, row) => count + (labelOf(file, row) === labelOf(reference, place) ? 0 : 1),
    0,
  );
  return differing > 0 ? `the labels of ${plural(differing, 'row')} differ from the baseline's` : places;
}
