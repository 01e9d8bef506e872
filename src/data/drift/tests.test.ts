import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { andersonDarling } from '../../statistics/anderson-darling.js';
import { kolmogorovSmirnov } from '../../statistics/kolmogorov-smirnov.js';
import { randomOf } from '../../statistics/random.js';
import { stepsOf } from '../profile/quantiles.js';
import { sortedValues } from '../sorted-values.js';
import { type Cell, categoryEffects, categoryTest, cellsOf, noveltyTest, shareTest } from './categories.js';
import type { NumberEvidence } from './evidence.js';
import { andersonDarlingSf, andersonDarlingTest, ksTest, numberEffects } from './numbers.js';

/** The tests of single columns against SciPy's numbers, the room of statistics, and brute force. */

interface OracleCase {
  readonly name: string;
  readonly kind: string;
  readonly inputs: unknown;
  readonly outputs: unknown;
}
const { cases } = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/statistics/statistics_oracle.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly OracleCase[] };
const oracle = (kind: string) => cases.filter((one) => one.kind === kind);

const all = (values: readonly number[]): NumberEvidence => ({ kind: 'all', sorted: sortedValues(values) });
const cells = (reference: readonly number[], current: readonly number[]): readonly Cell[] =>
  reference.map((count, key) => ({ key, reference: count, current: current[key] ?? 0 }));

describe('against SciPy', () => {
  test.each(oracle('ks_2samp'))('$name', ({ inputs, outputs }) => {
    const { a, b } = inputs as { a: number[]; b: number[] };
    const { statistic, p_exact } = outputs as { statistic: number; p_exact: number };
    const found = ksTest(all(a), all(b));
    expect(found.statistic).toBeCloseTo(statistic, 12);
    expect(found.p).toBeCloseTo(p_exact, 12);
  });

  test.each(oracle('wasserstein_1'))(
    '$name, in standard deviations of the reference',
    ({ inputs, outputs }) => {
      const { a, b } = inputs as { a: number[]; b: number[] };
      const { distance } = outputs as { distance: number };
      const mean = a.reduce((sum, x) => sum + x, 0) / a.length;
      const sd = Math.sqrt(a.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (a.length - 1));
      expect((numberEffects(sortedValues(a), sortedValues(b)).wasserstein as number) * sd).toBeCloseTo(
        distance,
        12,
      );
    },
  );

  test.each(oracle('psi'))('$name', ({ inputs, outputs }) => {
    const { reference_counts, current_counts } = inputs as Record<string, number[]>;
    const found = categoryEffects(cells(reference_counts ?? [], current_counts ?? []));
    expect(found.psi).toBeCloseTo((outputs as { psi: number }).psi, 12);
  });

  test.each(oracle('jensen_shannon'))('$name', ({ inputs, outputs }) => {
    const { p, q } = inputs as { p: number[]; q: number[] };
    expect(categoryEffects(cells(p, q)).jensenShannon).toBeCloseTo(
      (outputs as { distance_base_2: number }).distance_base_2,
      12,
    );
  });

  test('chi-squared where every cell expects five rows', () => {
    const found = categoryTest(cells([40, 30, 30], [30, 30, 40]), { seed: 1 });
    // scipy.stats.chi2_contingency
    expect(found).toMatchObject({ test: 'chi-squared' });
    expect(found.statistic).toBeCloseTo(2.857142857142857, 12);
    expect(found.p).toBeCloseTo(0.23965103644177585, 12);
  });
});

describe('Kolmogorov and Smirnov', () => {
  test('without ties the p-value is that of the room of statistics', () => {
    const random = randomOf(5);
    for (let run = 0; run < 20; run++) {
      const a = Array.from({ length: 5 + random.below(40) }, () => random.normal());
      const b = Array.from({ length: 5 + random.below(40) }, () => random.normal() + 0.3);
      const found = ksTest(all(a), all(b));
      const expected = kolmogorovSmirnov(a, b);
      expect(found.statistic).toBeCloseTo(expected.statistic, 12);
      expect(found.p).toBeCloseTo(expected.p, 10);
    }
  });

  test('with ties it is the share of all orders that are as far apart', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 5 }),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 5 }),
        (a, b) => {
          const pooled = [...a, ...b];
          const observed = ksTest(all(a), all(b));
          let [as, every] = [0, 0];
          for (let mask = 0; mask < 2 ** pooled.length; mask++) {
            const chosen = pooled.filter((_, i) => (mask >> i) & 1);
            if (chosen.length !== a.length) continue;
            const rest = pooled.filter((_, i) => !((mask >> i) & 1));
            every++;
            if (ksTest(all(chosen), all(rest)).statistic >= observed.statistic - 1e-12) as++;
          }
          expect(observed.p).toBeCloseTo(as / every, 10);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('from a profile the statistic lies between the two bounds', () => {
    const random = randomOf(11);
    const draw = (n: number, shift: number) => Array.from({ length: n }, () => random.normal() + shift);
    for (const shift of [0, 0.05, 0.3]) {
      const [a, b] = [draw(3000, 0), draw(2000, shift)];
      const steps: NumberEvidence = { kind: 'steps', steps: stepsOf(sortedValues(a), 128), total: a.length };
      const [known, exact] = [ksTest(steps, all(b)), ksTest(all(a), all(b))];
      expect(known.p).toBeGreaterThanOrEqual(exact.p - 1e-12);
      expect(known.lowestP).toBeLessThanOrEqual(exact.p + 1e-12);
      expect(known.statistic).toBeGreaterThan(exact.statistic - 0.01);
    }
  });
});

describe('Anderson and Darling', () => {
  test('the statistic is that of the room of statistics, before it is standardised', () => {
    const random = randomOf(2);
    const draw = (n: number, shift: number) => Array.from({ length: n }, () => random.below(12) + shift);
    const samples = [0, 1, 3].map((shift) => [draw(30, 0), draw(30, shift)] as const);
    const mine = samples.map(([a, b]) => andersonDarlingTest(sortedValues(a), sortedValues(b)).statistic);
    const theirs = samples.map(([a, b]) => andersonDarling([a, b]).statistic);
    // (A² − 1) / σ, and σ depends on the sizes alone.
    const sigma =
      ((mine[1] as number) - (mine[0] as number)) / ((theirs[1] as number) - (theirs[0] as number));
    mine.forEach((statistic, i) => {
      expect((statistic - 1) / sigma).toBeCloseTo(theirs[i] as number, 9);
    });
  });

  test('the distribution has the published critical values, falls, and has no step', () => {
    // Stephens (JASA 69, 1974), for the fully specified case.
    for (const [z, p] of [
      [1.933, 0.1],
      [2.492, 0.05],
      [3.07, 0.025],
      [3.857, 0.01],
    ] as const) {
      expect(andersonDarlingSf(z)).toBeCloseTo(p, 3);
    }
    expect(andersonDarlingSf(5.999) / andersonDarlingSf(6.001)).toBeCloseTo(1, 2);
    for (let z = 0.1; z < 40; z *= 1.2) expect(andersonDarlingSf(z * 1.2)).toBeLessThan(andersonDarlingSf(z));
    expect(andersonDarlingSf(30)).toBeLessThan(1e-12);
  });
});

describe('categories', () => {
  test('small counts are permuted: the p-value is that of all permutations', () => {
    const table = cells([4, 1, 0], [0, 2, 3]);
    const score = (counts: readonly number[]) =>
      counts.reduce(
        (sum, x, i) => sum + x ** 2 / ((table[i] as Cell).reference + (table[i] as Cell).current),
        0,
      );
    const pooled = table.flatMap(({ reference, current }, i) => Array(reference + current).fill(i));
    let [as, every] = [0, 0];
    for (let mask = 0; mask < 2 ** pooled.length; mask++) {
      const counts = [0, 0, 0];
      let size = 0;
      pooled.forEach((category, i) => {
        if (!((mask >> i) & 1)) return;
        counts[category] = (counts[category] as number) + 1;
        size++;
      });
      if (size !== 5) continue;
      every++;
      if (score(counts) >= score([4, 1, 0]) - 1e-12) as++;
    }
    const { test: name, p } = categoryTest(table, { seed: 3 });
    expect(name).toBe('permutation');
    expect(Math.abs(p - as / every)).toBeLessThan(0.02);
  });

  test('the same seed gives the same p-value', () => {
    const table = cells([9, 3, 1, 0], [5, 4, 3, 3]);
    expect(categoryTest(table, { seed: 4 })).toEqual(categoryTest(table, { seed: 4 }));
  });

  test('a share of few rows is tested exactly', () => {
    // 2 · C(30, 6) / C(60, 6), and scipy.stats.fisher_exact.
    expect(shareTest({ reference: [0, 30], current: [6, 24] }).p).toBeCloseTo((2 * 593_775) / 50_063_860, 12);
    expect(shareTest({ reference: [0, 30], current: [0, 30] }).p).toBe(1);
  });

  test('what only one side tells apart is counted with the others on both', () => {
    const known = { keys: sortedValues([1, 1, 2, 3]), other: { rows: 0, distinct: 0 } };
    const profile = { keys: sortedValues([1, 1]), other: { rows: 5, distinct: 4 } };
    expect(cellsOf(profile, known)).toEqual([
      { key: 1, reference: 2, current: 2 },
      { key: null, reference: 5, current: 2 },
    ]);
  });
});

describe('new values', () => {
  test('by chance as many rows as drawing says', () => {
    const random = randomOf(9);
    const [runs, hits] = [400, { value: 0 }];
    let [observed, expected] = [0, 0];
    for (let run = 0; run < runs; run++) {
      const draw = () => Array.from({ length: 60 }, () => Math.floor(200 * random.uniform() ** 3));
      const side = () => ({ keys: sortedValues(draw()), other: { rows: 0, distinct: 0 } });
      const found = noveltyTest(cellsOf(side(), side()));
      if (found.p <= 0.05) hits.value++;
      observed += found.rows;
      expected += found.expected;
    }
    expect(observed / expected).toBeCloseTo(1, 1);
    expect(hits.value / runs).toBeLessThanOrEqual(0.06);
  });

  test('many rows with values that were never seen are certain', () => {
    const known = {
      keys: sortedValues(Array.from({ length: 2000 }, (_, i) => i % 50)),
      other: { rows: 0, distinct: 0 },
    };
    const other = {
      keys: sortedValues(Array.from({ length: 2000 }, (_, i) => (i % 10 === 0 ? 1000 + (i % 70) : i % 50))),
      other: { rows: 0, distinct: 0 },
    };
    expect(noveltyTest(cellsOf(known, other))).toMatchObject({ rows: 200 });
    expect(noveltyTest(cellsOf(known, other)).p).toBeLessThan(1e-9);
  });
});
