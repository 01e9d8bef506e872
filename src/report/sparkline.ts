/** Small charts of block characters: they show in every sink, private repositories included. */

const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** One block per value, between the least and the greatest of them; `·` where there is no value. */
export function sparkline(values: readonly (number | null)[]): string {
  const finite = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  const least = Math.min(...finite);
  const range = Math.max(...finite) - least;
  return values
    .map((value) => {
      if (value === null || !Number.isFinite(value)) return '·';
      if (range === 0) return '▄';
      return LEVELS[Math.min(7, Math.floor(((value - least) / range) * 8))];
    })
    .join('');
}

/** At most `points` values, each the mean of its part; parts without a value stay null. */
export function condense(values: readonly (number | null)[], points: number): readonly (number | null)[] {
  if (values.length <= points) return values;
  return Array.from({ length: points }, (_, index) => {
    const part = values
      .slice(Math.floor((index * values.length) / points), Math.floor(((index + 1) * values.length) / points))
      .filter((value) => value !== null);
    return part.length === 0 ? null : part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}
