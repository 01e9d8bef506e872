/** Chance from a seed: the same seed gives the same numbers on every machine. */
export interface Random {
  /** Uniform in [0, 1), 32 bits fine. */
  uniform(): number;
  /** Uniform whole number below `bound`, which is at most 2³². */
  below(bound: number): number;
  /** Standard normal. */
  normal(): number;
}

/**
 * xoshiro128** (Blackman and Vigna, ACM TOMS 47, 2021), its state filled by SplitMix32, so that neighbouring seeds give
 * unrelated numbers.
 */
export function randomOf(seed: number): Random {
  let fill = seed >>> 0;
  const splitMix = () => {
    fill = (fill + 0x9e3779b9) >>> 0;
    let z = fill;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let [a, b, c, d] = [splitMix(), splitMix(), splitMix(), splitMix() | 1];
  const next = () => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = () => next() / 4294967296;
  return {
    uniform,
    // Multiplied, not divided (Lemire, ACM TOMACS 29, 2019); the bias is below bound / 2³², far below what resampling can see.
    below: (bound) => Math.floor(uniform() * bound),
    // Box and Muller (1958); 1 − u is never 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
