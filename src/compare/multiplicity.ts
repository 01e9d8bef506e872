/**
 * Benjamini and Hochberg's (1995) adjusted p-values: calling those up to 0.05 keeps the expected share of false calls
 * among all calls at 5 %.
 * @param p in any order, each from 0 to 1
 */
export function benjaminiHochberg(p: readonly number[]): number[] {
  return stepwise(p, (value, rank) => (value * p.length) / rank, 'from the largest');
}

/** Holm's (1979) adjusted p-values: calling those up to 0.05 keeps the chance of any false call at 5 %. */
export function holm(p: readonly number[]): number[] {
  return stepwise(p, (value, rank) => value * (p.length - rank + 1), 'from the smallest');
}

function stepwise(
  p: readonly number[],
  scale: (value: number, rank: number) => number,
  order: 'from the smallest' | 'from the largest',
): number[] {
  const ranked = p.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const adjusted = new Array<number>(p.length);
  let bound = order === 'from the largest' ? 1 : 0;
  for (let step = 0; step < ranked.length; step++) {
    const at = order === 'from the largest' ? ranked.length - 1 - step : step;
    const entry = ranked[at];
    if (!entry) continue;
    const scaled = Math.min(1, scale(entry.value, at + 1));
    bound = order === 'from the largest' ? Math.min(bound, scaled) : Math.max(bound, scaled);
    adjusted[entry.index] = bound;
  }
  return adjusted;
}
