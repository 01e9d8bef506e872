import { compareRuns } from '../../src/compare/compare.js';
import { pairRows } from '../../src/compare/paired/pair.js';
import type { MetricComparison } from '../../src/compare/record.js';
import type { Repeats } from '../../src/compare/repeats.js';
import { type Metric, metricKey } from '../../src/metrics/metric.js';
import type { Predictions } from '../../src/metrics/predictions.js';
import { scoreEach } from '../../src/metrics/score.js';
import { metricOf, runOf } from '../fakes/run.js';

/** Comparisons as `assay compare` makes them, many of them counted. */

const LOWER = new Set(['log_loss', 'brier', 'mae', 'rmse', 'mse']);

/** All watched metrics of one comparison: a family, judged together. */
export function judgeRows(
  [candidate, baseline]: readonly [Predictions, Predictions],
  names: readonly string[],
): readonly MetricComparison[] {
  const evidence = pairRows([candidate], [baseline], { slices: [], split: 'test' }, ({ name }) =>
    names.includes(name),
  );
  return judge({
    candidate: measured(candidate, names),
    baseline: measured(baseline, names),
    evidence,
    names,
  });
}

function measured(predictions: Predictions, names: readonly string[]): Metric[] {
  const measures = scoreEach(predictions, { slices: [] }).next().value?.measures ?? [];
  const values = new Map<string, number | null>();
  for (const { name, value } of measures) values.set(name, value);
  return names.map((name) =>
    metricOf(name, values.get(name) ?? null, {
      n: predictions.rows,
      direction: LOWER.has(name) ? 'lower' : 'higher',
    }),
  );
}

/** Two runs of one metric: seeds, standard errors, or nothing but the history's noise. */
export function judgeRuns(
  sides: { readonly candidate: Partial<Metric>; readonly baseline: Partial<Metric> },
  of: { readonly seeds?: readonly number[]; readonly repeats?: Repeats } = {},
): MetricComparison {
  const side = (fields: Partial<Metric>) => metricOf('accuracy', fields.value ?? meanOf(fields), fields);
  const [found] = judge({
    candidate: [side(sides.candidate)],
    baseline: [side(sides.baseline)],
    evidence: { kind: 'unpaired', why: null },
    names: ['accuracy'],
    ...of,
  });
  if (!found) throw new Error('no metric');
  return found;
}

function meanOf({ seed_values: values }: Partial<Metric>): number {
  return (values ?? []).reduce<number>((sum, value) => sum + (value ?? 0), 0) / (values?.length ?? 1);
}

function judge(of: {
  readonly candidate: Metric[];
  readonly baseline: Metric[];
  readonly evidence: Parameters<typeof compareRuns>[0]['evidence'];
  readonly names: readonly string[];
  readonly seeds?: readonly number[];
  readonly repeats?: Repeats;
}): readonly MetricComparison[] {
  const [own] = runOf().seeds;
  const seeds = own && of.seeds ? { seeds: of.seeds.map((seed) => ({ ...own, seed })) } : {};
  return compareRuns({
    candidate: runOf({ metrics: of.candidate, ...seeds }),
    baseline: runOf({ metrics: of.baseline, ...seeds }),
    evidence: of.evidence,
    rules: {},
    watched: new Set(of.names),
    ...(of.repeats && of.candidate[0]
      ? { repeats: new Map([[metricKey(of.candidate[0]), of.repeats]]) }
      : {}),
  }).metrics;
}

/** Of many comparisons: how many families were called, and how many intervals cover what is true. */
export class Tally {
  comparisons = 0;
  called = 0;
  intervals = 0;
  covering = 0;
  readonly methods = new Set<string>();

  /** @param truth the true difference by metric; 0 where it is not named */
  add(family: readonly MetricComparison[], truth: Readonly<Record<string, number>> = {}): void {
    this.comparisons++;
    if (family.some(({ verdict }) => verdict === 'better' || verdict === 'worse')) this.called++;
    for (const { name, interval, method } of family) {
      if (interval === null) continue;
      const value = truth[name] ?? 0;
      this.intervals++;
      this.methods.add(method.replace(/\d+ /, ''));
      if (interval[0] <= value && value <= interval[1]) this.covering++;
    }
  }

  get callRate(): number {
    return this.called / this.comparisons;
  }

  get coverage(): number {
    return this.covering / this.intervals;
  }
}
