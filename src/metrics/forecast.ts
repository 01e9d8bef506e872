import { type Quantile, scoreQuantiles } from './intervals.js';
import { type Measure, meanMeasure, undefinedMeasure, type WeightedRows, weightedRows } from './measure.js';
import { scoreErrors } from './regression.js';
import { StableSum } from './sums.js';

/** Metrics of forecasts: those of regression, errors scaled by the naive forecast, and quantiles. */

export interface ForecastSample {
  readonly labels: Float64Array;
  readonly predicted: Float64Array;
  readonly quantiles: readonly Quantile[];
  readonly weights: Float64Array | null;
  /** Series of each row, as a code from 0. */
  readonly series: Int32Array;
  /** Of each series, mean |yₜ − yₜ₋ₘ| and mean (yₜ − yₜ₋ₘ)² over its history; NaN where it has none. */
  readonly naive: { readonly absolute: Float64Array; readonly squared: Float64Array };
}

export function scoreForecast(sample: ForecastSample): readonly Measure[] {
  const rows = weightedRows(sample.weights, sample.labels.length);
  return [
    ...scaledErrors(sample, rows),
    ...scoreErrors(sample, rows),
    ...scoreQuantiles(sample.labels, sample.quantiles, rows),
    ...weightedQuantileLoss(sample, rows),
  ];
}

/**
 * MASE: |error| over the series' naive error in its history, averaged over the rows (Hyndman and Koehler, International
 * Journal of Forecasting 22, 2006). RMSSE: √(mean squared error / naive squared error) of each series, averaged over the series
 * (Makridakis et al., International Journal of Forecasting 38, 2022).
 */
function scaledErrors(sample: ForecastSample, rows: WeightedRows): readonly Measure[] {
  const { labels, predicted, series, naive } = sample;
  const names = ['mase', 'rmsse'] as const;
  const without = series.find((code) => !((naive.absolute[code] as number) > 0));
  if (without !== undefined) {
    const reason = Number.isNaN(naive.absolute[without] as number)
      ? 'a series has no history to scale by: rows with a label and an empty prediction'
      : 'the history of a series repeats itself exactly: nothing to scale by';
    return names.map((name) => undefinedMeasure(name, reason));
  }
  const scaled = labels.map(
    (label, i) =>
      Math.abs((predicted[i] as number) - label) / (naive.absolute[series[i] as number] as number),
  );
  return [meanMeasure('mase', scaled, rows), rmsse(sample)];
}

function rmsse(sample: ForecastSample): Measure {
  const { labels, predicted, series, naive, weights } = sample;
  const sums = new Map<number, { readonly squares: StableSum; readonly weight: StableSum }>();
  series.forEach((code, i) => {
    let of = sums.get(code);
    if (!of) {
      of = { squares: new StableSum(), weight: new StableSum() };
      sums.set(code, of);
    }
    const weight = weights ? (weights[i] as number) : 1;
    of.squares.add(weight * ((predicted[i] as number) - (labels[i] as number)) ** 2);
    of.weight.add(weight);
  });
  const total = new StableSum();
  let counted = 0;
  for (const code of [...sums.keys()].sort((a, b) => a - b)) {
    const of = sums.get(code);
    if (!of || !(of.weight.value > 0)) continue;
    total.add(Math.sqrt(of.squares.value / of.weight.value / (naive.squared[code] as number)));
    counted++;
  }
  return { name: 'rmsse', value: total.value / counted, influence: null };
}

/** Σ 2·pinball / Σ|label|, averaged over the quantiles (Amazon's wQL, GluonTS `mean_wQuantileLoss`). */
function weightedQuantileLoss(sample: ForecastSample, rows: WeightedRows): readonly Measure[] {
  const { labels, quantiles, weights } = sample;
  if (quantiles.length === 0) return [];
  const name = 'weighted_quantile_loss';
  const size = new StableSum();
  labels.forEach((label, i) => {
    size.add(Math.abs(label) * (weights ? (weights[i] as number) : 1));
  });
  if (!(size.value > 0)) return [undefinedMeasure(name, 'all labels are 0')];
  const mean = scoreQuantiles(labels, quantiles, rows).find((measure) => measure.name === 'mean_pinball');
  return [{ name, value: (2 * (mean?.value ?? 0) * rows.total) / size.value, influence: null }];
}

/**
 * Mean error of the naive forecast yₜ = yₜ₋ₘ over the history of each series.
 * @param history values of each series in order of time
 * @param season m: 1 for the value before, 7 for the same day of the week before
 */
export function naiveErrors(
  history: readonly (readonly number[])[],
  season: number,
): { readonly absolute: Float64Array; readonly squared: Float64Array } {
  const mean = (of: (step: number) => number) =>
    Float64Array.from(history, (values) => {
      const sum = new StableSum();
      for (let t = season; t < values.length; t++) {
        sum.add(of((values[t] as number) - (values[t - season] as number)));
      }
      return values.length > season ? sum.value / (values.length - season) : Number.NaN;
    });
  return { absolute: mean(Math.abs), squared: mean((step) => step * step) };
}
