import { z } from 'zod';

/** What a run keeps of its curves: a bounded number of points, never single rows of data. */

const seed = z.int().nullable();
/** The class it is about, of several; null where there is one curve. */
const label = z.string().nullable();
const numbers = z.array(z.number());

export const curve = z.discriminatedUnion('kind', [
  /** True positive rate over false positive rate, both ascending from 0 to 1. */
  z.object({
    kind: z.literal('roc'),
    seed,
    class: label,
    false_positive_rate: numbers,
    true_positive_rate: numbers,
  }),
  /** Precision over recall, recall ascending. */
  z.object({
    kind: z.literal('precision_recall'),
    seed,
    class: label,
    recall: numbers,
    precision: numbers,
  }),
  /** Ten bins of equal width, those that have rows: mean score, share of positives (several classes: accuracy), weight of rows. */
  z.object({
    kind: z.literal('calibration'),
    seed,
    class: label,
    score: numbers,
    share: numbers,
    weight: numbers,
  }),
  /** Rows by their prediction in groups of equal size: mean prediction, mean label, and quantiles 0.1, 0.5, 0.9 of prediction − label. */
  z.object({
    kind: z.literal('residuals'),
    seed,
    prediction: numbers,
    label: numbers,
    low: numbers,
    median: numbers,
    high: numbers,
    n: z.array(z.int()),
  }),
  /** Weight of the rows of each class (outer) that were predicted as each class (inner). */
  z.object({
    kind: z.literal('confusion'),
    seed,
    classes: z.array(z.string()),
    counts: z.array(numbers),
  }),
]);
export type Curve = Readonly<z.infer<typeof curve>>;
