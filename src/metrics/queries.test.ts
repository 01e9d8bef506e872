import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scoreRanking } from './queries.js';

const valuesOf = (labels: readonly number[], scores: readonly number[], at: readonly number[] = [2]) =>
  Object.fromEntries(
    scoreRanking({
      labels: Float64Array.from(labels),
      scores: Float64Array.from(scores),
      weights: null,
      queries: new Int32Array(labels.length),
      ids: null,
      at,
    }).map(({ name, value }) => [name, value]),
  );

function permutations(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((item, at) =>
    permutations([...items.slice(0, at), ...items.slice(at + 1)]).map((rest) => [item, ...rest]),
  );
}

describe('scoreRanking', () => {
  it('knows the usual values of a list', () => {
    const values = valuesOf([0, 1, 0, 1], [4, 3, 2, 1], [1, 3]);
    expect(values).toMatchObject({
      mrr: 0.5,
      mrr_at_1: 0,
      map: 0.5,
      precision_at_3: 1 / 3,
      recall_at_3: 0.5,
      hit_rate_at_1: 0,
      hit_rate_at_3: 1,
    });
    const discount = (rank: number) => 1 / Math.log2(rank + 1);
    expect(values.ndcg_linear).toBeCloseTo((discount(2) + discount(4)) / (discount(1) + discount(2)), 14);
  });

  it('averages over all orders of equal scores', () => {
    const list = fc.array(
      fc.record({ label: fc.integer({ min: 0, max: 2 }), score: fc.integer({ min: 0, max: 1 }) }),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    fc.assert(
      fc.property(list, fc.integer({ min: 1, max: 4 }), (rows, k) => {
        const tied = valuesOf(
          rows.map(({ label }) => label),
          rows.map(({ score }) => score),
          [k],
        );
        // Every order of all rows, of which those that respect the scores count.
        const orders = permutations(rows.map((_, i) => i)).filter((order) =>
          order.every(
            (row, rank) => rank === 0 || (rows[order[rank - 1] ?? 0]?.score ?? 0) >= (rows[row]?.score ?? 0),
          ),
        );
        const each = orders.map((order) =>
          valuesOf(
            order.map((row) => rows[row]?.label ?? 0),
            order.map((_, rank) => -rank),
            [k],
          ),
        );
        for (const [name, value] of Object.entries(tied)) {
          if (name === 'map') continue;
          const mean = each.reduce((sum, one) => sum + (one[name] ?? Number.NaN), 0) / each.length;
          expect(value, name).toBeCloseTo(mean, 12);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('counts a query without relevant rows as 0, and says so', () => {
    const measures = scoreRanking({
      labels: Float64Array.of(1, 0),
      scores: Float64Array.of(1, 1),
      weights: null,
      queries: Int32Array.of(0, 1),
      ids: null,
      at: [1],
    });
    for (const { value, reason } of measures) {
      expect(value).toBe(0.5);
      expect(reason).toBe('1 of 2 queries have no relevant row: they count as 0, as in scikit-learn');
    }
  });
});
