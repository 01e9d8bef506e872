import gammainc from '@stdlib/math-base-special-gammainc';
import gammaln from '@stdlib/math-base-special-gammaln';

/**
 * Above this shape stdlib's incomplete gamma function loses digits (0.3.1: at shape 250 five are left, at 1,000 two), so
 * the recurrence takes over. The tests watch both sides.
 */
const MOST_SHAPE = 60;

/**
 * P(X ≥ x) of the chi-squared distribution.
 * @param degreesOfFreedom a whole number, at least 1
 */
export function chiSquaredSf(x: number, degreesOfFreedom: number): number {
  if (Number.isNaN(x) || !(degreesOfFreedom > 0)) return Number.NaN;
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const [shape, half] = [degreesOfFreedom / 2, x / 2];
  if (shape <= MOST_SHAPE) return gammainc(half, shape, true, true);
  // Q(a + 1, x) = Q(a, x) + xᵃ e⁻ˣ / Γ(a + 1) (DLMF 8.8.6): all terms positive, the largest first.
  const steps = Math.ceil(shape - MOST_SHAPE);
  let term = Math.exp((shape - 1) * Math.log(half) - half - gammaln(shape));
  let sum = 0;
  for (let step = 1; step <= steps; step++) {
    sum += term;
    term *= (shape - step) / half;
  }
  return Math.min(1, sum + gammainc(half, shape - steps, true, true));
}
