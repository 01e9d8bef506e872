import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { andersonDarling } from './anderson-darling.js';
import { bootstrapIntervals, quantile } from './bootstrap.js';
import { fisherExact, independence, mcnemar } from './contingency.js';
import { kendallTau, pearson, spearman } from './correlation.js';
import { besselK, cramerVonMises } from './cramer-von-mises.js';
import { delong } from './delong.js';
import { energyDistance, hellinger, jensenShannon, populationStability, wasserstein } from './distances.js';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.js';
import { mannWhitney } from './mann-whitney.js';
import { benjaminiHochberg, benjaminiYekutieli, bonferroni, holm } from './multiplicity.js';
import { choose, flipSigns, permuteTwoSamples } from './permutation.js';
import { agrestiCoull, clopperPearson, jeffreys, wilson } from './proportions.js';
import { randomOf } from './random.js';
import { sampleVariance, stableSum } from './sums.js';
import { oneSampleT, pairedT, welch } from './t-tests.js';
import { wilcoxonSignedRank } from './wilcoxon.js';

/** Properties and counts by hand; the values of SciPy are held by tests/oracle.test.ts. */

const whole = fc.integer({ min: -4, max: 4 });
const sample = (most: number) => fc.array(whole, { minLength: 1, maxLength: most });

/** All ways to choose which places of a pooled sample are the first one's. */
function* splits(pooled: readonly number[], size: number): Generator<[number[], number[]]> {
  for (let mask = 0; mask < 2 ** pooled.length; mask++) {
    const first = pooled.filter((_, i) => (mask >> i) & 1);
    if (first.length === size) yield [first, pooled.filter((_, i) => !((mask >> i) & 1))];
  }
}

describe('exact p-values are counts of all permutations', () => {
  it('of two means', () => {
    fc.assert(
      fc.property(sample(5), sample(5), (a, b) => {
        const gap = ([x, y]: [number[], number[]]) => stableSum(x) / x.length - stableSum(y) / y.length;
        const all = [...splits([...a, ...b], a.length)].map(gap);
        const test = permuteTwoSamples(a, b);
        expect(test.permutations).toBe(all.length);
        expect(test.count).toBe(all.filter((one) => Math.abs(one) >= Math.abs(gap([a, b])) - 1e-9).length);
      }),
      { numRuns: 60 },
    );
  });

  it('of signs', () => {
    fc.assert(
      fc.property(sample(9), (d) => {
        const sums = Array.from({ length: 2 ** d.length }, (_, mask) =>
          d.reduce((sum, value, i) => sum + ((mask >> i) & 1 ? value : -value), 0),
        );
        const observed = Math.abs(d.reduce((sum, value) => sum + value, 0));
        const test = flipSigns(d);
        expect(test.count).toBe(sums.filter((sum) => Math.abs(sum) >= observed).length);
        expect(test.permutations).toBe(sums.length);
      }),
      { numRuns: 60 },
    );
  });

  it('of Kolmogorov and Smirnov, Mann and Whitney, Cramér and von Mises without ties', () => {
    const random = randomOf(5);
    for (const [n, m] of [
      [4, 5],
      [5, 5],
      [2, 6],
      [1, 4],
    ] as const) {
      const a = Array.from({ length: n }, () => random.uniform());
      const b = Array.from({ length: m }, () => random.uniform());
      const all = [...splits([...a, ...b], n)];
      for (const alternative of ['two-sided', 'less', 'greater'] as const) {
        const reach = kolmogorovSmirnov(a, b, { alternative });
        const extreme = all.filter(
          (x) => kolmogorovSmirnov(...x, { alternative }).statistic >= reach.statistic - 1e-9,
        );
        expect(reach.p).toBeCloseTo(extreme.length / all.length, 12);
      }
      const u = mannWhitney(a, b, { alternative: 'greater' });
      const larger = all.filter((x) => mannWhitney(...x).statistic >= u.statistic);
      expect(u.p).toBeCloseTo(larger.length / all.length, 12);
      if (n > 1) {
        const t = cramerVonMises(a, b);
        const further = all.filter((x) => cramerVonMises(...x).statistic >= t.statistic - 1e-9);
        expect(t.p).toBeCloseTo(further.length / all.length, 12);
      }
    }
  });

  it('of Wilcoxon with ties: all flips of the ranks', () => {
    const d = [1, 1, -2, 3, 3, -3, 0, 5];
    const test = wilcoxonSignedRank(d);
    expect(test.statistic).toBe(8);
    // Ranks 1.5 1.5 3 5 5 5 7, of which 3 and 5 are negative: 38 of the 128 flips reach 20 or more.
    const ranks = [1.5, 1.5, 3, 5, 5, 5, 7];
    const sums = Array.from({ length: 128 }, (_, mask) =>
      ranks.reduce((s, r, i) => s + ((mask >> i) & 1 ? r : 0), 0),
    );
    expect(test.p).toBeCloseTo(Math.min(1, (2 * sums.filter((sum) => sum >= 20).length) / 128), 12);
  });

  it('of many values: seeded, near the exact one, never 0', () => {
    const random = randomOf(1);
    const a = Array.from({ length: 30 }, () => random.normal());
    const b = Array.from({ length: 30 }, () => random.normal() + 0.5);
    const test = permuteTwoSamples(a, b, { seed: 7 });
    expect(test.exact).toBe(false);
    expect(permuteTwoSamples(a, b, { seed: 7 })).toEqual(test);
    expect(permuteTwoSamples(a, b, { seed: 8 }).count).not.toBe(test.count);
    expect(Math.abs(test.p - welch(a, b).p)).toBeLessThan(0.02);
    const far = flipSigns(Array.from({ length: 50 }, () => 1 + random.uniform()));
    expect(far.p).toBe(1 / 10_000);
  });

  it('counts 34 values in halves as it would one by one', () => {
    const random = randomOf(3);
    const d = Array.from({ length: 34 }, () => Math.round(random.normal() * 100) / 100 + 0.1);
    expect(flipSigns(d)).toMatchObject({ exact: true, permutations: 2 ** 34 });
    expect(Math.abs(flipSigns(d).p - oneSampleT(d).p)).toBeLessThan(0.02);
    expect(choose(34, 17)).toBe(2333606220);
  });
});

describe('tests of means', () => {
  it('turn their sign with the samples, and do not mind a shift', () => {
    fc.assert(
      fc.property(
        fc.array(whole, { minLength: 2, maxLength: 9 }),
        fc.array(whole, { minLength: 2, maxLength: 9 }),
        (a, b) => {
          const [one, other] = [welch(a, b), welch(b, a)];
          expect(one.p).toBe(other.p);
          expect(one.interval[0]).toBeCloseTo(-other.interval[1], 12);
          const shift = (x: number[]) => x.map((value) => value + 1e9);
          if (Number.isFinite(one.t)) expect(welch(shift(a), shift(b)).t).toBeCloseTo(one.t, 6);
        },
      ),
    );
  });

  it('are NaN where they are undefined, and certain where nothing varies but the means differ', () => {
    expect(welch([1], [2, 3])).toMatchObject({ t: Number.NaN, p: Number.NaN });
    expect(welch([1, 1], [1, 1]).p).toBeNaN();
    expect(welch([1, 1], [2, 2])).toMatchObject({ t: Number.NEGATIVE_INFINITY, p: 0 });
    expect(oneSampleT([3]).p).toBeNaN();
    expect(() => pairedT([1], [1, 2])).toThrow(RangeError);
  });

  it('keep the digits of a small spread around a large mean', () => {
    expect(sampleVariance([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16])).toBe(30);
    expect(stableSum([Number.POSITIVE_INFINITY, 1])).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('tests of counts', () => {
  it('Fisher: the tails overlap in the table itself', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30), { minLength: 4, maxLength: 4 }), ([a = 0, b = 0, c = 0, d = 0]) => {
        const table = [
          [a, b],
          [c, d],
        ];
        const [less, greater, both] = (['less', 'greater', 'two-sided'] as const).map(
          (side) => fisherExact(table, side).p,
        );
        expect((less ?? 0) + (greater ?? 0)).toBeGreaterThanOrEqual(1 - 1e-12);
        expect(both).toBeLessThanOrEqual(1);
        expect(both).toBeGreaterThanOrEqual(Math.min(less ?? 0, greater ?? 0) * (1 - 1e-12));
        expect(
          fisherExact([
            [c, d],
            [a, b],
          ]).p,
        ).toBeCloseTo(both ?? 0, 10);
      }),
    );
  });

  it('McNemar: mid-p lies between, and no disagreement tells nothing', () => {
    const test = mcnemar(2, 9);
    expect(test.pMid).toBeLessThan(test.pExact);
    expect(mcnemar(0, 0)).toMatchObject({ pExact: 1, pMid: 1 });
    expect(mcnemar(3, 3).pMid).toBe(1);
  });

  it('independence: an empty column has no answer, one row has no freedom', () => {
    expect(
      independence([
        [1, 0],
        [2, 0],
      ]).p,
    ).toBeNaN();
    expect(independence([[1, 2, 3]])).toMatchObject({ p: 1, degreesOfFreedom: 0 });
  });

  it('intervals of a share hold it, and turn with it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.nat(400), (n, less) => {
        const k = n - Math.min(n, less);
        for (const of of [wilson, agrestiCoull, jeffreys, clopperPearson]) {
          const [low, high] = of({ k, n });
          const [lowOther, highOther] = of({ k: n - k, n });
          expect(low).toBeCloseTo(1 - highOther, 10);
          expect(high).toBeCloseTo(1 - lowOther, 10);
          expect(low).toBeGreaterThanOrEqual(0);
          if (of !== jeffreys) expect(k / n >= low - 1e-12 && k / n <= high + 1e-12).toBe(true);
        }
      }),
    );
  });
});

describe('DeLong', () => {
  it('is the mean over all pairs of rows, and its variance that of their structural components', () => {
    const random = randomOf(2);
    const labels = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const scores = labels.map((label) => Math.round(10 * (random.normal() + label)) / 10);
    const [high, low] = [1, 0].map((label) => scores.filter((_, i) => labels[i] === label));
    const pairs = (high ?? []).flatMap((x) => (low ?? []).map((y) => (x > y ? 1 : x === y ? 0.5 : 0)));
    const test = delong(labels, { first: scores, second: scores.map((score) => -score) });
    expect(test.first).toBeCloseTo(stableSum(pairs) / pairs.length, 12);
    expect(test.second).toBeCloseTo(1 - test.first, 12);
    expect(test.covariance).toBeCloseTo(-test.variances[0], 12);
    expect(delong(labels, { first: scores, second: scores }).p).toBeNaN();
  });
});

describe('rank and sample statistics', () => {
  it('Kendall by a merge sort equals Kendall by all pairs', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(whole, whole), { minLength: 2, maxLength: 25 }), (pairs) => {
        const [x, y] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
        let [difference, freeX, freeY] = [0, 0, 0];
        for (let i = 0; i < x.length; i++) {
          for (let j = 0; j < i; j++) {
            const [dx, dy] = [Math.sign((x[i] ?? 0) - (x[j] ?? 0)), Math.sign((y[i] ?? 0) - (y[j] ?? 0))];
            difference += dx * dy;
            freeX += dx * dx;
            freeY += dy * dy;
          }
        }
        const expected = difference / Math.sqrt(freeX) / Math.sqrt(freeY);
        if (Number.isNaN(expected)) expect(kendallTau(x, y)).toBeNaN();
        else expect(kendallTau(x, y)).toBeCloseTo(expected, 12);
      }),
    );
    expect(spearman([1, 2, 3, 9], [2, 3, 4, 5])).toEqual({ r: 1, p: 0 });
    expect(pearson([1, 2], [5, 3])).toEqual({ r: -1, p: 1 });
    expect(pearson([1, 1, 1], [1, 2, 3]).r).toBeNaN();
  });

  it('samples of one distribution are near, of two far', () => {
    const random = randomOf(9);
    const [a, b] = [0, 0].map(() => Array.from({ length: 400 }, () => random.normal()));
    const far = (b ?? []).map((value) => value + 1);
    expect(andersonDarling([a ?? [], b ?? []]).p).toBeGreaterThan(0.05);
    expect(andersonDarling([a ?? [], far]).p).toBe(0.001);
    expect(andersonDarling([[1, 1], [1]]).p).toBeNaN();
    expect(
      wasserstein(
        a ?? [],
        (a ?? []).map((value) => value + 3),
      ),
    ).toBeCloseTo(3, 12);
    expect(energyDistance([1, 2], [2, 1])).toBe(0);
    expect(kolmogorovSmirnov(a ?? [], [Number.NaN]).p).toBeNaN();
    expect(kolmogorovSmirnov([], [1]).p).toBeNaN();
  });

  it('distances of shares: 0 to themselves, largest where nothing is shared', () => {
    expect(jensenShannon([2, 3], [4, 6])).toBe(0);
    expect(jensenShannon([1, 0], [0, 5])).toBeCloseTo(Math.LN2, 14);
    expect(hellinger([1, 0], [0, 5])).toBe(1);
    expect(populationStability([5, 5], [5, 5])).toBe(0);
    expect(populationStability([10, 0], [0, 10])).toBeCloseTo(2 * 0.9999 * Math.log(1e4), 10);
  });

  it('the Bessel function of order ½ has a closed form', () => {
    for (const x of [0.01, 0.5, 3, 40]) {
      const expected = Math.sqrt(Math.PI / (2 * x)) * Math.exp(-x);
      expect(Math.abs(besselK(0.5, x) / expected - 1)).toBeLessThan(1e-13);
    }
  });
});

describe('several tests at once', () => {
  it('adjusted p-values keep the order, and each method its strictness', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }),
        (p) => {
          const methods = [benjaminiHochberg, holm, bonferroni].map((method) => method(p));
          p.forEach((value, i) => {
            const [bh = 0, step = 0, bon = 0] = methods.map((adjusted) => adjusted[i] ?? 0);
            expect(value <= bh + 1e-15 && bh <= step + 1e-15 && step <= bon + 1e-15 && bon <= 1).toBe(true);
            expect(benjaminiYekutieli(p)[i] ?? 0).toBeGreaterThanOrEqual(bh - 1e-15);
            p.forEach((other, j) => {
              if (value < other)
                for (const adjusted of methods) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j] ?? 0);
            });
          });
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('bootstrap', () => {
  it('is the percentile interval when replicates are symmetric about the estimate', () => {
    const replicates = Array.from({ length: 1001 }, (_, i) => i - 500);
    const result = bootstrapIntervals({ estimate: 0, replicates, jackknife: [-1, 0, 1], level: 0.9 });
    expect(result.z0).toBe(0);
    expect(result.acceleration).toBe(0);
    expect(result.bca[0]).toBeCloseTo(result.percentile[0], 9);
    expect(quantile([1, 2, 4], 0.75)).toBe(3);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('chance', () => {
  it('is the same for the same seed, even, and normal', () => {
    const [a, b] = [randomOf(42), randomOf(43)];
    expect([a.uniform(), a.uniform(), a.uniform()]).toMatchInlineSnapshot(`
      [
        0.6606157226487994,
        0.12688010395504534,
        0.11170196393504739,
      ]
    `);
    expect(a.uniform()).not.toBe(b.uniform());
    const random = randomOf(1);
    const values = Array.from({ length: 20_000 }, () => random.normal());
    expect(Math.abs(stableSum(values) / 20_000)).toBeLessThan(0.03);
    expect(Math.abs(sampleVariance(values) - 1)).toBeLessThan(0.04);
    const counts = new Array(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });
});
