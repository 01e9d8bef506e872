import { describe, expect, it } from 'vitest';
import { betaQuantile, betaUpperQuantile } from './beta.js';
import { binomialAtLeast, binomialCdf, binomialPmf } from './binomial.js';
import { chiSquaredSf } from './chi-squared.js';
import { hypergeometric } from './hypergeometric.js';
import { kolmogorovSf, smirnovSf } from './kolmogorov.js';
import { normalCdf, normalQuantile, normalSf, normalTwoSided } from './normal.js';
import { studentSf, twoSidedP, twoSidedQuantile } from './student.js';

/** Guards of the special functions below: values of mpmath (40 digits) and SciPy 1.17, far out in the tails as well. */

function close(actual: number, expected: number, tolerance = 1e-11): void {
  expect(Math.abs(actual - expected), `${actual} instead of ${expected}`).toBeLessThanOrEqual(
    tolerance * Math.abs(expected),
  );
}

describe('normal', () => {
  it('keeps its digits in both tails', () => {
    close(normalSf(37), 5.725571222524577e-300);
    close(normalCdf(-37), 5.725571222524577e-300);
    close(normalTwoSided(-8), 1.2441921148543568e-15);
    close(normalQuantile(1e-300), -37.0470962993612);
    close(normalQuantile(0.975), 1.959963984540054);
    expect(normalQuantile(0.5)).toBe(0);
  });
});

describe('student', () => {
  it.each([
    [2.5, 7, 0.040992218585752895],
    [40, 12, 3.851229580772034e-14],
    [1e-9, 3, 0.9999999992648948],
    [200, 130, 1.0608393508481981e-163],
    [1e160, 1, 6.366197723675813e-161],
    [1e200, 1.2, 6.701506880073313e-241],
  ])('P(|T| ≥ %d) with %d degrees of freedom', (t, degrees, p) => {
    close(twoSidedP(t, degrees), p, 1e-10);
  });

  it('has quantiles, also for fractions, and one-sided tails', () => {
    close(twoSidedQuantile(0.95, 4.3), 2.70169489828223, 1e-10);
    close(twoSidedQuantile(0.95, null), 1.959963984540054);
    close(studentSf(-2, 5), 1 - studentSf(2, 5));
    expect(twoSidedP(Number.POSITIVE_INFINITY, 4)).toBe(0);
    expect(twoSidedP(1, 0)).toBeNaN();
  });
});

describe('chi-squared', () => {
  it.each([
    [1380, 1, 4.661158455673913e-302],
    [1380, 6, 5.184829690372887e-295],
    [2400, 1200, 1.7850247970084192e-82],
    [10_000, 10_000, 0.49811936596618267],
    [11_000, 10_000, 3.618329558096479e-12],
    [122, 121, 0.4574148438200867],
  ])('P(X ≥ %d) with %d degrees of freedom', (x, degrees, p) => {
    close(chiSquaredSf(x, degrees), p, 1e-10);
  });

  it('has no seam where the recurrence takes over', () => {
    for (const x of [20, 110, 121, 150, 400]) {
      const [before, at, after] = [119, 120, 121].map((degrees) => chiSquaredSf(x, degrees));
      // Q grows with the degrees of freedom by a smooth ratio.
      expect((at ?? 0) / (before ?? 1)).toBeGreaterThanOrEqual(1 - 1e-12);
      expect((after ?? 0) / (at ?? 1)).toBeGreaterThanOrEqual(1 - 1e-12);
      expect((at ?? 0) / (before ?? 1) - (after ?? 0) / (at ?? 1)).toBeLessThan(0.2);
    }
  });
});

describe('binomial, beta, hypergeometric', () => {
  it('binomial', () => {
    close(binomialPmf(50_010, 100_000, 0.5), 0.002518085054986084);
    close(binomialPmf(30, 100_000, 1e-4), 1.7084077233956342e-7);
    expect(binomialPmf(0, 3, 0)).toBe(1);
    const ratio = 1 + (3 / 998) * (1 + (2 / 999) * (1 + 1 / 1000));
    close(binomialCdf(3, 1000, 0.5) / binomialPmf(3, 1000, 0.5), ratio);
    close(binomialAtLeast(1000, 1000, 0.5), 2 ** -1000);
    expect([binomialCdf(-1, 3, 0.5), binomialCdf(3, 3, 0.5), binomialAtLeast(0, 3, 0.5)]).toEqual([0, 1, 1]);
  });

  it('beta quantiles', () => {
    close(betaQuantile(0.025, 0.5, 20.5), 2.4246478459242733e-5);
    close(betaUpperQuantile(0.025, 5000, 5001), 0.5097486483484014);
    close(betaUpperQuantile(0.025, 1, 1e6), 3.688872650206488e-6);
  });

  it('hypergeometric: sums to 1, and is symmetric', () => {
    const cell = hypergeometric({ row: 300, column: 500, total: 2000 });
    let sum = 0;
    for (let x = cell.least; x <= cell.most; x++) sum += cell.pmf(x);
    close(sum, 1, 1e-13);
    const turned = hypergeometric({ row: 500, column: 300, total: 2000 });
    for (const x of [0, 40, 75, 120, 300]) close(cell.pmf(x), turned.pmf(x), 1e-12);
    close(cell.cdf(40) + cell.atLeast(41), 1, 1e-13);
  });
});

describe('Kolmogorov', () => {
  // Each of the methods, and where they meet: SciPy's kstwo.sf.
  it.each([
    [3, 0.2, 0.9982222222222222],
    [10, 0.274, 0.3715203845434957],
    [10, 0.95, 1.953125e-13],
    [140, 0.05, 0.8576480297656114],
    [140, 0.12, 0.03252638258561632],
    [140, 0.3, 1.1370251710737309e-11],
    [141, 0.05, 0.854845693009663],
    [1000, 0.02, 0.8108971656895577],
    [1000, 0.06, 0.001428597887952891],
    [200_000, 0.0015, 0.758498392324318],
    [200_000, 0.004, 0.003314212822560255],
  ])('P(D of %d ≥ %d)', (n, x, p) => {
    close(kolmogorovSf(n, x), p);
  });

  it('is twice the one-sided tail far out, and continuous between the methods', () => {
    close(kolmogorovSf(500, 0.3), 2 * smirnovSf(500, 0.3));
    for (const n of [20, 140, 141, 1000, 200_000]) {
      let before = 1;
      for (let z = 0.3; z < 6; z += 0.05) {
        const p = kolmogorovSf(n, z / Math.sqrt(n));
        expect(p).toBeLessThanOrEqual(before + 1e-12);
        before = p;
      }
    }
  });
});
