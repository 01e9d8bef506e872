import { binomialPmf } from './binomial.js';

/**
 * The distribution of Kolmogorov's one-sample statistic Dₙ, the largest distance between the empirical distribution of n values
 * and the true one. Methods and their ranges are those of Simard and L'Ecuyer (Journal of Statistical Software 39, 2011), which
 * SciPy's `kstwo` follows as well, so that the two agree to the last digits.
 */

const RESCALE = 2 ** 128;

/** P(Dₙ ≥ x) for n ≥ 1. */
export function kolmogorovSf(n: number, x: number): number {
  if (Number.isNaN(x) || !(n >= 1)) return Number.NaN;
  if (x >= 1) return 0;
  if (x <= 0) return 1;
  const t = n * x;
  // Ruben and Gambino: closed forms at both ends.
  if (t <= 0.5) return 1;
  if (t <= 1) return 1 - smallest(n, 2 * t - 1);
  if (t >= n - 1) return 2 * (1 - x) ** n;
  if (x >= 0.5) return clipped(2 * smirnovSf(n, x));
  const square = t * x;
  if (n <= 140) {
    if (square <= 0.754693) return clipped(1 - durbin(n, x));
    if (square <= 4) return clipped(1 - pomeranz(n, x));
    return clipped(2 * smirnovSf(n, x));
  }
  if (square >= 370) return 0;
  if (square >= 2.2) return clipped(2 * smirnovSf(n, x));
  return clipped(1 - (n <= 100_000 && n * x ** 1.5 <= 1.4 ? durbin(n, x) : pelzGood(n, x)));
}

/** P(Dₙ⁺ ≥ x): Smirnov's sum, each term a binomial probability over its argument, so all are positive. */
export function smirnovSf(n: number, x: number): number {
  if (x <= 0) return 1;
  if (x >= 1) return 0;
  const last = Math.floor(n * (1 - x));
  let sum = 0;
  for (let j = last; j >= 0; j--) sum += n - j >= FAR && j >= FAR ? farTerm(n, x, j) : nearTerm(n, x, j);
  return clipped(x * sum);
}

function nearTerm(n: number, x: number, j: number): number {
  const place = x + j / n;
  return place >= 1 ? Number(j === n) : binomialPmf(j, n, place) / place;
}

/** From here on four terms of Stirling's series have all digits. */
const FAR = 30;

/**
 * The same by Stirling's series, several times as fast (Loader, Fast and Accurate Computation of Binomial Probabilities, 2000). What is left of
 * the exponent is the sum of two terms of size nx, so few digits cancel.
 */
function farTerm(n: number, x: number, j: number): number {
  const rest = n - j;
  const t = n * x;
  if (rest <= t) return 0;
  const exponent = j * Math.log1p(t / j) + rest * Math.log1p(-t / rest);
  const correction = stirlingError(n) - stirlingError(j) - stirlingError(rest);
  const scale = Math.sqrt(n / (2 * Math.PI * j * rest));
  return (scale * Math.exp(exponent + correction)) / (x + j / n);
}

/** ln n! less Stirling's formula. */
function stirlingError(n: number): number {
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / n;
}

/** n!/nⁿ · (2t − 1)ⁿ */
function smallest(n: number, base: number): number {
  let product = 1;
  for (let i = 1; i <= n; i++) product *= (i / n) * base;
  return product;
}

/** P(Dₙ ≤ x) by Durbin's matrix (1968) as Marsaglia, Tsang and Wang (2003) raise it to the n-th power. */
function durbin(n: number, x: number): number {
  const nd = n * x;
  const k = Math.ceil(nd);
  const m = 2 * k - 1;
  let base: ScaledMatrix = { size: m, cells: durbinMatrix(k - nd, m), exponent: 0 };
  let power: ScaledMatrix = { size: m, cells: identity(m), exponent: 0 };
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = product(power, base);
    base = rescaled(product(base, base), k - 1);
  }
  let p = power.cells[(k - 1) * m + k - 1] as number;
  let exponent = power.exponent;
  for (let i = 1; i <= n; i++) {
    p = (i * p) / n;
    if (Math.abs(p) < 1 / RESCALE) {
      p *= RESCALE;
      exponent -= 128;
    }
  }
  return p * 2 ** exponent;
}

interface ScaledMatrix {
  readonly size: number;
  readonly cells: Float64Array;
  /** The matrix is cells · 2^exponent. */
  readonly exponent: number;
}

function durbinMatrix(h: number, m: number): Float64Array {
  const inverseFactorial = new Float64Array(m + 1);
  inverseFactorial[0] = 1;
  for (let j = 1; j <= m; j++) inverseFactorial[j] = (inverseFactorial[j - 1] as number) / j;
  const edge = Float64Array.from(
    { length: m },
    (_, j) => (1 - h ** (j + 1)) * (inverseFactorial[j + 1] as number),
  );
  edge[m - 1] = (1 + Math.max(2 * h - 1, 0) ** m - 2 * h ** m) * (inverseFactorial[m] as number);
  const cells = new Float64Array(m * m);
  for (let row = 0; row < m; row++) {
    for (let column = 1; column <= Math.min(row + 1, m - 1); column++) {
      cells[row * m + column] = inverseFactorial[row - column + 1] as number;
    }
    cells[row * m] = edge[row] as number;
  }
  for (let column = 0; column < m; column++) cells[(m - 1) * m + column] = edge[m - 1 - column] as number;
  return cells;
}

function identity(size: number): Float64Array {
  const cells = new Float64Array(size * size);
  for (let i = 0; i < size; i++) cells[i * size + i] = 1;
  return cells;
}

function product(a: ScaledMatrix, b: ScaledMatrix): ScaledMatrix {
  const { size } = a;
  const cells = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let inner = 0; inner < size; inner++) {
      const factor = a.cells[row * size + inner] as number;
      if (factor === 0) continue;
      for (let column = 0; column < size; column++) {
        const at = row * size + column;
        cells[at] = (cells[at] as number) + factor * (b.cells[inner * size + column] as number);
      }
    }
  }
  return { size, cells, exponent: a.exponent + b.exponent };
}

function rescaled(matrix: ScaledMatrix, middle: number): ScaledMatrix {
  const { size, cells, exponent } = matrix;
  if (Math.abs(cells[middle * size + middle] as number) <= RESCALE) return matrix;
  return { size, cells: cells.map((cell) => cell / RESCALE), exponent: exponent + 128 };
}

/** P(Dₙ ≤ x) by Pomeranz's recursion (CACM algorithm 487, 1974). */
function pomeranz(n: number, x: number): number {
  const t = n * x;
  const whole = Math.floor(t);
  const fraction = t - whole;
  const g = Math.min(fraction, 1 - fraction);
  const bounds = { n, whole, up: fraction > 0 ? 1 : 0, half: fraction > 0.5 ? 1 : 0 };
  const size = 2 * (whole + 1);
  const powers = {
    edge: poissonWeights(g / n, size),
    odd: poissonWeights((2 * g) / n, size),
    even: poissonWeights((1 - 2 * g) / n, size),
  };
  let row = new Float64Array(size);
  row[0] = 1;
  let start = 0;
  let exponent = 0;
  let [from] = pomeranzRow(0, bounds);
  for (let i = 1; i < 2 * n + 2; i++) {
    const [next, last] = pomeranzRow(i, bounds);
    const weights = i === 1 || i === 2 * n + 1 ? powers.edge : i % 2 === 1 ? powers.odd : powers.even;
    const made = new Float64Array(size);
    const length = last - from + 1;
    let largest = 0;
    for (let out = 0; out <= last - next && length > 0; out++) {
      const place = next - from + out;
      let sum = 0;
      for (let j = Math.max(0, place - length + 1); j <= Math.min(place, length - 1); j++) {
        sum += (row[from - start + j] ?? 0) * (weights[place - j] ?? 0);
      }
      made[out] = sum;
      largest = Math.max(largest, sum);
    }
    if (largest > 0 && largest < 1 / RESCALE) {
      for (let j = 0; j < size; j++) made[j] = (made[j] as number) * RESCALE;
      exponent -= 128;
    }
    row = made;
    start = next;
    from = next;
  }
  let answer = row[n - start] as number;
  for (let i = 1; i <= n; i++) {
    if (Math.abs(answer) > RESCALE) {
      answer /= RESCALE;
      exponent += 128;
    }
    answer *= i;
  }
  return answer * 2 ** exponent;
}

/** First and last column of a row of the recursion that are not 0. */
function pomeranzRow(
  i: number,
  bounds: { readonly n: number; readonly whole: number; readonly up: number; readonly half: number },
): readonly [number, number] {
  const { n, whole, up, half } = bounds;
  const middle = Math.floor((i + 1) / 2);
  let first: number;
  let last: number;
  if (i === 0) {
    [first, last] = [-whole - up - 1, whole + up - 1];
  } else if (i % 2 === 1) {
    [first, last] =
      middle === n + 1
        ? [n - whole - up - 1, n + whole + up - 1]
        : [middle - 1 - whole - half - 1, middle + whole - 1 + up - 1];
  } else {
    [first, last] = [middle - 1 - whole - 1, middle + whole + half - 1];
  }
  return [Math.max(first + 2, 0), Math.min(last, n)];
}

/** rate^m / m! */
function poissonWeights(rate: number, size: number): Float64Array {
  const weights = new Float64Array(size);
  weights[0] = 1;
  for (let m = 1; m < size; m++) weights[m] = ((weights[m - 1] as number) * rate) / m;
  return weights;
}

/** P(Dₙ ≤ x) by the series of Pelz and Good (1976) in powers of 1/√n, for many values. */
function pelzGood(n: number, x: number): number {
  const z = Math.sqrt(n) * x;
  const [z2, z3, z4, z6] = [z ** 2, z ** 3, z ** 4, z ** 6];
  const exponent = -(Math.PI ** 2) / 8 / z2;
  if (exponent < -708) return 0;
  const q = Math.exp(exponent);
  const [pi2, pi4, pi6] = [Math.PI ** 2, Math.PI ** 4, Math.PI ** 6];
  const slopes = [
    [1, 0, 0, 0],
    [-z2, pi2 / 4, 0, 0],
    [6 * z6 + 2 * z4, ((2 * z4 - 5 * z2) * pi2) / 4, (pi4 * (1 - 2 * z2)) / 16, 0],
    [
      -30 * z6 - 90 * z ** 8,
      (pi2 * (135 * z4 - 96 * z6)) / 4,
      (pi4 * (-60 * z2 + 212 * z4)) / 16,
      (pi6 * (5 - 30 * z2)) / 64,
    ],
  ] as const;
  const terms = Math.ceil((16 * z) / Math.PI);
  const parts = slopes.map(([a, b, c, d]) => {
    let sum = 0;
    for (let k = terms; k > 0; k--) {
      const odd = (2 * k - 1) ** 2;
      sum = sum * q ** (8 * k) + a + b * odd + c * odd ** 2 + d * odd ** 3;
    }
    return sum * q * Math.sqrt(2 * Math.PI);
  });
  const [k0 = 0, k1 = 0, k2 = 0, k3 = 0] = parts;
  let [extra2, extra3] = [0, 0];
  for (let k = terms; k > 0; k--) {
    const weight = k ** 2 * Math.exp((-pi2 / 2 / z2) * k ** 2);
    extra2 += weight;
    extra3 += (3 * z2 - pi2 * k ** 2) * weight;
  }
  const scale = pi2 * Math.sqrt(2 * Math.PI);
  return (
    k0 / z +
    k1 / (6 * z4) / Math.sqrt(n) +
    (k2 / (72 * z ** 7) - (extra2 * scale) / (36 * z3)) / n +
    (k3 / (6480 * z ** 10) + (extra3 * scale) / (216 * z6)) / n ** 1.5
  );
}

function clipped(p: number): number {
  return Math.min(1, Math.max(0, p));
}
