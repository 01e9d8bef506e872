import { metricKey } from '../metrics/metric.js';
import type { RunRecord } from '../runs/record.js';
import { mean, squaresAbout } from '../statistics/sums.js';

/**
 * The history's own noise: how much a metric differs between runs of unchanged code, parameters and data. What nothing explains is noise,
 * whatever it comes from (a seed that was not fixed, the machine, the time of day).
 */
export interface Repeats {
  /** Of one run, pooled over the groups of equal runs. */
  readonly variance: number;
  /** Runs less groups. */
  readonly degreesOfFreedom: number;
  readonly runs: number;
}

/** @param runs of one model, in any order; only clean, succeeded ones count */
export function repeatsOf(runs: readonly RunRecord[]): ReadonlyMap<string, Repeats> {
  const groups = new Map<string, RunRecord[]>();
  for (const run of runs) {
    if (run.status !== 'succeeded' || run.commit === null || run.code.dirty || run.purpose === 'evaluate')
      continue;
    const same = identityOf(run);
    groups.set(same, [...(groups.get(same) ?? []), run]);
  }
  const pooled = new Map<string, { squares: number; degreesOfFreedom: number; runs: number }>();
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    for (const [key, values] of valuesOf(group)) {
      if (values.length < 2) continue;
      const before = pooled.get(key) ?? { squares: 0, degreesOfFreedom: 0, runs: 0 };
      pooled.set(key, {
        squares: before.squares + squaresAbout(values, mean(values)),
        degreesOfFreedom: before.degreesOfFreedom + values.length - 1,
        runs: before.runs + values.length,
      });
    }
  }
  return new Map(
    [...pooled]
      // Runs that repeat to the last digit have fixed their seed: that tells nothing of noise.
      .filter(([, { squares }]) => squares > 0)
      .map(([key, { squares, degreesOfFreedom, runs: count }]) => [
        key,
        { variance: squares / degreesOfFreedom, degreesOfFreedom, runs: count },
      ]),
  );
}

function identityOf(run: RunRecord): string {
  const data = [...run.data].map(({ name, digest }) => [name, digest]).sort();
  const params = Object.entries(run.params).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([run.commit, run.command, data, params, run.seeds.length]);
}

function valuesOf(group: readonly RunRecord[]): ReadonlyMap<string, number[]> {
  const values = new Map<string, number[]>();
  for (const { metrics } of group) {
    for (const metric of metrics) {
      if (metric.value === null) continue;
      const key = metricKey(metric);
      values.set(key, [...(values.get(key) ?? []), metric.value]);
    }
  }
  return values;
}
