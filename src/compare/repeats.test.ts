import { describe, expect, it } from 'vitest';
import { metricOf, runOf } from '../../tests/fakes/run.js';
import { metricKey } from '../metrics/metric.js';
import { compareRuns } from './compare.js';
import { repeatsOf } from './repeats.js';

let clock = 0;
function run(value: number, fields: Parameters<typeof runOf>[0] = {}) {
  clock += 1;
  return runOf({ id: `2026010100000${clock}`, metrics: [metricOf('accuracy', value)], ...fields });
}

const KEY = metricKey(metricOf('accuracy', 0));

describe('repeatsOf', () => {
  it('pools the variance of runs that have code, parameters and data in common', () => {
    const repeats = repeatsOf([
      run(0.9),
      run(0.92),
      run(0.5, { commit: 'b'.repeat(40) }),
      run(0.54, { commit: 'b'.repeat(40) }),
      run(0.1, { commit: 'c'.repeat(40) }),
      run(0.7, { params: { depth: 3 } }),
      run(0.8, { data: [{ name: 'adult', digest: 'other', rows: 1 }] }),
    ]).get(KEY);
    // (0.02² / 2 + 0.04² / 2) over 2 degrees of freedom
    expect(repeats?.variance).toBeCloseTo((0.0002 + 0.0008) / 2, 12);
    expect(repeats).toMatchObject({ degreesOfFreedom: 2, runs: 4 });
  });

  it('learns nothing from runs that repeat to the last digit, are dirty, failed, or scored again', () => {
    expect(repeatsOf([run(0.9), run(0.9)]).size).toBe(0);
    expect(repeatsOf([run(0.9, { dirty: true }), run(0.8, { dirty: true })]).size).toBe(0);
    expect(repeatsOf([run(0.9), run(0.8, { status: 'failed' })]).size).toBe(0);
    expect(repeatsOf([run(0.9), run(0.8, { purpose: 'evaluate' })]).size).toBe(0);
  });

  it('judges runs of one seed, and says by what', () => {
    const compare = (before: number, after: number) =>
      compareRuns({
        candidate: run(after),
        baseline: run(before),
        evidence: { kind: 'unpaired', why: null },
        repeats: new Map([[KEY, { variance: 1e-4, degreesOfFreedom: 12, runs: 15 }]]),
        rules: {},
        watched: new Set(),
      }).metrics[0];
    expect(compare(0.9, 0.91)?.verdict).toBe('inconclusive');
    expect(compare(0.9, 0.95)).toMatchObject({
      verdict: 'better',
      method: '15 runs of unchanged code and data in the history',
      degrees_of_freedom: 12,
    });
    expect(compare(0.9, 0.95)?.standard_error).toBeCloseTo(Math.sqrt(2e-4), 12);
  });
});
