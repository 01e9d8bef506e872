import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { twoSidedP, twoSidedQuantile } from '../statistics/distributions/student.js';
import { pairedT } from '../statistics/t-tests.js';
import { differenceOf } from './difference.js';
import type { MetricSide } from './record.js';

function side(fields: Partial<MetricSide>): MetricSide {
  return { value: 0, n: null, stderr: null, seed_values: null, ...fields };
}

function seeded(values: readonly number[]): MetricSide {
  return side({ value: values.reduce((sum, x) => sum + x, 0) / values.length, seed_values: [...values] });
}

describe('differenceOf', () => {
  it('with seeds alone is Welch’s t-test (SciPy ttest_ind, equal_var=False)', () => {
    const a = [0.912, 0.905, 0.917, 0.909];
    const b = [0.901, 0.899, 0.907];
    const { value, noise } = differenceOf({ candidate: seeded(a), baseline: seeded(b) });
    // scipy 1.17: t = 2.354…, computed here from its definition with independent arithmetic
    const mean = (xs: readonly number[]) => xs.reduce((s, x) => s + x, 0) / xs.length;
    const variance = (xs: readonly number[]) =>
      xs.reduce((s, x) => s + (x - mean(xs)) ** 2, 0) / (xs.length - 1);
    const se = Math.sqrt(variance(a) / 4 + variance(b) / 3);
    const df = se ** 4 / ((variance(a) / 4) ** 2 / 3 + (variance(b) / 3) ** 2 / 2);
    expect(value).toBeCloseTo(mean(a) - mean(b), 15);
    expect(noise?.standardError).toBeCloseTo(se, 12);
    expect(noise?.degreesOfFreedom).toBeCloseTo(df, 9);
    expect(noise?.p).toBeCloseTo(twoSidedP(value / se, df), 12);
    expect(noise?.method).toBe('seeds, Welch');
  });

  it('uses paired rows rather than the two standard errors when it has them', () => {
    const candidate = side({ value: 0.91, stderr: 0.004, n: 5000 });
    const baseline = side({ value: 0.905, stderr: 0.004, n: 5000 });
    const unpaired = differenceOf({ candidate, baseline });
    const paired = differenceOf(
      { candidate, baseline },
      { paired: { standardError: 0.001, rows: 5000, degreesOfFreedom: 5000, method: 'paired rows' } },
    );
    expect(unpaired.noise?.method).toBe('standard errors');
    expect(unpaired.noise?.standardError).toBeCloseTo(Math.hypot(0.004, 0.004), 15);
    expect(paired.noise?.method).toBe('paired rows');
    expect(paired.noise?.standardError).toBe(0.001);
  });

  it('adds the noise of rows and of seeds', () => {
    const candidate = side({ value: 2, seed_values: [1, 2, 3] });
    const baseline = side({ value: 2, seed_values: [1, 2, 3] });
    const { noise } = differenceOf(
      { candidate, baseline },
      { paired: { standardError: 0.5, rows: 100, degreesOfFreedom: 100, method: 'paired rows' } },
    );
    expect(noise?.standardError).toBeCloseTo(Math.sqrt(0.25 + 1 / 3 + 1 / 3), 12);
    expect(noise?.method).toBe('paired rows + seeds, Welch');
  });

  describe('of runs with the same seeds', () => {
    const baseline = [0.7, 0.75, 0.66, 0.81, 0.72];
    const gains = [0.011, 0.013, 0.01, 0.012, 0.009];
    const candidate = baseline.map((value, i) => value + (gains[i] ?? 0));
    const sides = { candidate: seeded(candidate), baseline: seeded(baseline) };

    it('that go together is the paired t-test (SciPy ttest_rel)', () => {
      const { noise } = differenceOf(sides, { sameSeeds: true });
      const own = pairedT(candidate, baseline);
      expect(noise?.method).toBe('5 paired seeds, paired t');
      expect(noise?.p).toBeCloseTo(own.p, 12);
      expect(noise?.interval[0]).toBeCloseTo(own.interval[0], 12);
      expect(differenceOf(sides).noise?.method).toBe('seeds, Welch');
      expect(differenceOf(sides).noise?.p).toBeGreaterThan(0.5);
    });

    it('whose values repeat for every seed differ by nothing, and that is certain', () => {
      const again = { candidate: seeded(baseline), baseline: seeded(baseline) };
      const rows = { standardError: 0, rows: 100, degreesOfFreedom: 99, method: 'paired rows' };
      expect(differenceOf(again, { paired: rows, sameSeeds: true }).noise).toMatchObject({
        interval: [0, 0],
        p: 1,
      });
      expect(differenceOf(again, { sameSeeds: true })).toMatchObject({ value: 0, noise: null });
      expect(differenceOf(again).noise?.interval[1]).toBeGreaterThan(0.05);
    });

    it('that do not go together is Welch’s', () => {
      const turned = { ...sides, baseline: seeded([0.81, 0.66, 0.75, 0.7, 0.72]) };
      expect(differenceOf(turned, { sameSeeds: true }).noise?.method).toBe('seeds, Welch');
    });

    it('that are many is the exact permutation test of their differences', () => {
      const more = Array.from({ length: 10 }, (_, i) => 0.7 + 0.03 * Math.sin(7 * i));
      const better = more.map((value, i) => value + 0.01 + 0.004 * Math.cos(5 * i));
      const { noise } = differenceOf(
        { candidate: seeded(better), baseline: seeded(more) },
        { sameSeeds: true },
      );
      expect(noise?.method).toBe('10 paired seeds, exact permutation');
      expect(noise?.p).toBe(2 / 2 ** 10);
    });
  });

  it('takes a run with one seed to vary as much as the other', () => {
    const { noise } = differenceOf({
      candidate: seeded([1, 2, 3]),
      baseline: side({ value: 2, seed_values: [2] }),
    });
    expect(noise?.standardError).toBeCloseTo(Math.sqrt(1 / 3 + 1), 12);
    expect(noise?.degreesOfFreedom).toBeCloseTo(2, 12);
    expect(noise?.method).toContain('the baseline has one');
  });

  it('knows nothing of noise without seeds, rows or standard errors', () => {
    expect(differenceOf({ candidate: side({ value: 1 }), baseline: side({ value: 0 }) }).noise).toBeNull();
  });

  it('does not take the noise of seeds for all of it, when rows matter too', () => {
    const ofRows = (values: readonly number[]) => ({ ...seeded(values), n: 100 });
    const { noise, rowsUnknown } = differenceOf({
      candidate: ofRows([0.91, 0.92]),
      baseline: ofRows([0.8, 0.81]),
    });
    expect(noise).toBeNull();
    expect(rowsUnknown).toBe(true);
  });

  it('does not take a command that ignores its seed for certainty', () => {
    const { noise } = differenceOf({ candidate: seeded([0.9, 0.9]), baseline: seeded([0.8, 0.8]) });
    expect(noise).toBeNull();
  });

  it('is antisymmetric, and its interval holds the difference', () => {
    const values = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const forth = differenceOf({ candidate: seeded(a), baseline: seeded(b) });
        const back = differenceOf({ candidate: seeded(b), baseline: seeded(a) });
        expect(forth.value).toBeCloseTo(-back.value, 12);
        if (!forth.noise || !back.noise) return;
        expect(forth.noise.p).toBeCloseTo(back.noise.p, 12);
        expect(forth.noise.interval[0]).toBeLessThanOrEqual(forth.value);
        expect(forth.noise.interval[1]).toBeGreaterThanOrEqual(forth.value);
      }),
    );
  });
});

describe('Student’s t', () => {
  // scipy.stats.t.ppf and 2 * t.sf, version 1.17.1
  it.each([
    [0.95, 10, 2.2281388519649385],
    [0.95, 2, 4.302652729911275],
    [0.99, 1, 63.65674116287399],
    [0.95, null, 1.959963984540054],
  ])('quantile of %d with %s degrees of freedom', (level, df, expected) => {
    expect(Math.abs(twoSidedQuantile(level, df) / expected - 1)).toBeLessThan(1e-10);
  });

  it('p-values and quantiles are inverse, also far out', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 0.9999, noNaN: true }),
        fc.double({ min: 1, max: 500, noNaN: true }),
        (level, df) => {
          expect(twoSidedP(twoSidedQuantile(level, df), df)).toBeCloseTo(1 - level, 9);
        },
      ),
    );
  });
});
