import type { BinaryPredictions, RegressionPredictions } from '../../src/metrics/columnar.js';
import type { Random } from '../../src/statistics/random.js';

/** Simulated pairs of models on the same rows: alike but for chance, or one better by a known amount. */

const common = (rows: number) => ({ file: 'p.csv', rows, ids: null, weights: null, slices: new Map() });

export interface BinaryWorld {
  /** Share of positive rows. */
  readonly prevalence: number;
  /** How far the classes stand apart in the scores, in standard deviations. */
  readonly apart: number;
  /** Correlation of the noise of the two models. */
  readonly shared: number;
}

export const BINARY_WORLDS = {
  balanced: { prevalence: 0.5, apart: 1, shared: 0.7 },
  rare: { prevalence: 0.1, apart: 1.5, shared: 0.7 },
  'nearly perfect': { prevalence: 0.3, apart: 4, shared: 0.5 },
} as const satisfies Readonly<Record<string, BinaryWorld>>;

/** Calibrated scores from normal noise. @param gap how much farther apart the first model sees the classes */
export function binaryPair(
  world: BinaryWorld,
  of: {
    readonly rows: number;
    readonly gap: number;
    readonly random: Random;
    readonly sameDecisions?: boolean;
  },
): readonly [BinaryPredictions, BinaryPredictions] {
  const { rows, gap, random } = of;
  const labels = new Uint8Array(rows);
  const columns = [new Float64Array(rows), new Float64Array(rows)] as const;
  const base = Math.log(world.prevalence / (1 - world.prevalence));
  for (let row = 0; row < rows; row++) {
    const label = random.uniform() < world.prevalence ? 1 : 0;
    labels[row] = label;
    const luck = Math.sqrt(world.shared) * random.normal();
    columns.forEach((column, model) => {
      const apart = world.apart + (model === 0 ? gap : 0);
      const x = (label - 0.5) * apart + luck + Math.sqrt(1 - world.shared) * random.normal();
      column[row] = 1 / (1 + Math.exp(-base - apart * x));
    });
  }
  const decide = (scores: Float64Array) => Uint8Array.from(scores, (score) => (score >= 0.5 ? 1 : 0));
  const decided = columns.map(decide);
  const [first, second] = columns.map((scores, model) => ({
    ...common(rows),
    task: 'binary' as const,
    classes: ['0', '1'] as const,
    labels,
    predicted: decided[of.sameDecisions ? 0 : model] as Uint8Array,
    scores,
  }));
  if (!first || !second) throw new Error('two models');
  return [first, second];
}

/** Errors that are normal, or skewed with a long tail. @param gap by what share the first model's are smaller */
export function regressionPair(of: {
  readonly rows: number;
  readonly gap: number;
  readonly skewed: boolean;
  readonly random: Random;
}): readonly [RegressionPredictions, RegressionPredictions] {
  const { rows, gap, skewed, random } = of;
  const labels = new Float64Array(rows);
  const columns = [new Float64Array(rows), new Float64Array(rows)] as const;
  for (let row = 0; row < rows; row++) {
    labels[row] = 2 * random.normal();
    const luck = Math.sqrt(0.6) * random.normal();
    columns.forEach((column, model) => {
      const z = luck + Math.sqrt(0.4) * random.normal();
      const error = skewed ? Math.exp(z) - Math.exp(0.5) : z;
      column[row] = (labels[row] as number) + (model === 0 ? 1 - gap : 1) * error;
    });
  }
  const [first, second] = columns.map((predicted) => ({
    ...common(rows),
    task: 'regression' as const,
    labels,
    predicted,
  }));
  if (!first || !second) throw new Error('two models');
  return [first, second];
}
