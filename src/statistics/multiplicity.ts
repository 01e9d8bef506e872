/** Adjusted p-values for several tests at once: calling those up to 0.05 keeps the promise of each method at 5 %. */

/** The chance of any false call (Bonferroni). */
export function bonferroni(p: readonly number[]): number[] {
  return p.map((value) => Math.min(1, value * p.length));
}

/** The chance of any false call, with more power than Bonferroni's (Holm, Scandinavian Journal of Statistics 6, 1979). */
export function holm(p: readonly number[]): number[] {
  return stepwise(p, (value, rank) => value * (p.length - rank + 1), 'from the smallest');
}

/** The expected share of false calls among all calls (Benjamini and Hochberg, JRSS B 57, 1995). */
export function benjaminiHochberg(p: readonly number[]): number[] {
  return stepwise(p, (value, rank) => (value * p.length) / rank, 'from the largest');
}

/** The same whatever the tests have to do with each other (Benjamini and Yekutieli, Annals of Statistics 29, 2001). */
export function benjaminiYekutieli(p: readonly number[]): number[] {
  const harmonic = p.reduce((sum, _, i) => sum + 1 / (i + 1), 0);
  return stepwise(p, (value, rank) => (value * p.length * harmonic) / rank, 'from the largest');
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
