import type { EvaluateConfig } from '../config/model.js';
import type { NumberColumn } from './columns.js';
import type { Defects } from './defects.js';
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

export interface RegressionPredictions extends PredictionsBase {
  readonly task: 'regression';
  readonly labels: Float64Array;
  readonly predicted: Float64Array;
}

export type Predictions = BinaryPredictions | MulticlassPredictions | RegressionPredictions;

/** What each task makes its predictions of: a file read to its end. */
export interface ReadColumns {
  readonly config: EvaluateConfig;
  readonly base: PredictionsBase;
  readonly label: Sink;
  readonly prediction: Sink | null;
  readonly score: NumberColumn | null;
  /** Scores by the label in the column's name. */
  readonly classScores: ReadonlyMap<string, NumberColumn>;
  readonly defects: Defects;
}
