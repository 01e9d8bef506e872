import type { EvaluateConfig } from '../config/model.js';
import type { NumberColumn } from './columns.js';
import type { Defects } from './defects.js';
import type { Quantile } from './intervals.js';
import type { Sink } from './rows.js';

/** A predictions file as columns: what a model said of each row, and what was true. */

/** A column to score separately: one code per row into the sorted values. */
export interface SliceColumn {
  readonly codes: Int32Array;
  readonly values: readonly string[];
}

export interface PredictionsBase {
  /** As the user named it. */
  readonly file: string;
  readonly rows: number;
  /** Null when the file has no id column; then its rows can only be matched by position. */
  readonly ids: readonly string[] | null;
  /** Finite, none negative, not all 0; null when each row counts the same. */
  readonly weights: Float64Array | null;
  readonly slices: ReadonlyMap<string, SliceColumn>;
}

export interface BinaryPredictions extends PredictionsBase {
  readonly task: 'binary';
  /** Negative first, then positive. */
  readonly classes: readonly [string, string];
  /** 1 for the positive class. */
  readonly labels: Uint8Array;
  readonly predicted: Uint8Array;
  /** Probability of the positive class; null when the file has none. */
  readonly scores: Float64Array | null;
}

export interface MulticlassPredictions extends PredictionsBase {
  readonly task: 'multiclass';
  /** Sorted; numbers by value. */
  readonly classes: readonly string[];
  /** Index into `classes`. */
  readonly labels: Int32Array;
  readonly predicted: Int32Array;
  /** One column per class; null when the file has none. */
  readonly scores: readonly Float64Array[] | null;
}

export interface MultilabelPredictions extends PredictionsBase {
  readonly task: 'multilabel';
  /** Sorted; numbers by value. */
  readonly classes: readonly string[];
  /** One column per class; 1 where the row has it. */
  readonly labels: readonly Uint8Array[];
  readonly predicted: readonly Uint8Array[];
  readonly scores: readonly Float64Array[] | null;
}

export interface RegressionPredictions extends PredictionsBase {
  readonly task: 'regression';
  readonly labels: Float64Array;
  readonly predicted: Float64Array;
  /** By level; none when left out. */
  readonly quantiles?: readonly Quantile[];
}

export interface RankingPredictions extends PredictionsBase {
  readonly task: 'ranking';
  /** Relevance, 0 or more. */
  readonly labels: Float64Array;
  readonly scores: Float64Array;
  readonly queries: SliceColumn;
  /** Ranks at which lists are cut. */
  readonly at: readonly number[];
}

/** Only the rows that were forecast; their history is in `naive`. */
export interface ForecastPredictions extends PredictionsBase {
  readonly task: 'forecast';
  readonly labels: Float64Array;
  readonly predicted: Float64Array;
  readonly quantiles: readonly Quantile[];
  readonly series: SliceColumn;
  /** Errors of the naive forecast over each series' history; NaN where there is none. */
  readonly naive: { readonly absolute: Float64Array; readonly squared: Float64Array };
}

export type Predictions =
  | BinaryPredictions
  | MulticlassPredictions
  | MultilabelPredictions
  | RegressionPredictions
  | RankingPredictions
  | ForecastPredictions;

/** What was true of a row, in a form that two files agree on: a class, a number, or the sorted classes as JSON. */
export function labelOf(predictions: Predictions, row: number): string | number | undefined {
  switch (predictions.task) {
    case 'binary':
    case 'multiclass':
      return predictions.classes[predictions.labels[row] ?? -1];
    case 'multilabel':
      return JSON.stringify(predictions.classes.filter((_, k) => predictions.labels[k]?.[row] === 1));
    case 'regression':
    case 'ranking':
    case 'forecast':
      return predictions.labels[row];
  }
}

/** What each task makes its predictions of: a file read to its end. */
export interface ReadColumns {
  readonly config: EvaluateConfig;
  readonly base: PredictionsBase;
  readonly label: Sink | null;
  readonly prediction: Sink | null;
  readonly score: NumberColumn | null;
  /** Scores by the label in the column's name. */
  readonly classScores: ReadonlyMap<string, NumberColumn>;
  /** Multilabel: columns of 0 and 1 by the label in the column's name. */
  readonly labelBits: ReadonlyMap<string, NumberColumn>;
  readonly predictionBits: ReadonlyMap<string, NumberColumn>;
  /** Query of a ranking, series of a forecast. */
  readonly group: SliceColumn | null;
  readonly time: readonly string[] | null;
  readonly defects: Defects;
}
