import { describe, expect, it } from 'vitest';
import { metricOf, runOf } from '../../tests/fakes/run.js';
import type { Metric } from '../metrics/metric.js';
import { intervalOf, rankRuns } from './leaderboard.js';

const measured = (id: string, fields: Partial<Metric>) =>
  runOf({ id, metrics: [{ ...metricOf('roc_auc', 0), direction: 'higher', ...fields }] });
const rank = (runs: readonly ReturnType<typeof runOf>[]) => rankRuns(runs, (run) => run.metrics[0]);

describe('rankRuns', () => {
  it('puts the best first, and those without a value apart', () => {
    const runs = [
      measured('a', { value: 0.7 }),
      measured('b', { value: null }),
      measured('c', { value: 0.9 }),
    ];
    const board = rank(runs);
    expect(board.standings.map(({ run, rank }) => [run.id, rank])).toEqual([
      ['c', 1],
      ['a', 2],
    ]);
    expect(board.without.map(({ id }) => id)).toEqual(['b']);
    const lower = rank(
      runs.map((run) => ({
        ...run,
        metrics: run.metrics.map((one) => ({ ...one, direction: 'lower' as const })),
      })),
    );
    expect(lower.standings.map(({ run }) => run.id)).toEqual(['a', 'c']);
  });

  it('shares a rank among equals, and says who cannot be told from the best', () => {
    const noisy = { stderr: 0.02, n: 1000 };
    const board = rank([
      measured('a', { value: 0.9, ...noisy }),
      measured('b', { value: 0.9, ...noisy }),
      measured('c', { value: 0.88, ...noisy }),
      measured('d', { value: 0.5, ...noisy }),
      measured('e', { value: 0.4 }),
    ]);
    expect(board.standings.map(({ run, rank, level }) => [run.id, rank, level])).toEqual([
      ['a', 1, true],
      ['b', 1, true],
      ['c', 3, true],
      ['d', 4, false],
      ['e', 5, null],
    ]);
  });
});

describe('intervalOf', () => {
  const of = (fields: Partial<Metric>) => intervalOf({ ...metricOf('m', 0.5), ...fields });

  it('rests on rows, on seeds, or on both', () => {
    // t quantiles of R: qt(0.975, 999) = 1.962341, qt(0.975, 2) = 4.302653
    expect(of({ stderr: 0.1, n: 1000 })?.[1]).toBeCloseTo(0.5 + 0.1962341, 6);
    expect(of({ stderr: null, seed_values: [0.4, 0.5, 0.6] })?.[0]).toBeCloseTo(
      0.5 - 4.302653 * (0.1 / Math.sqrt(3)),
      6,
    );
    const both = of({ stderr: 0.1, n: 1000, seed_values: [0.4, 0.5, 0.6] });
    expect((both?.[1] ?? 0) - 0.5).toBeGreaterThan(0.1962341);
  });

  it('is none where nothing is known of the noise', () => {
    expect(of({ stderr: null })).toBeNull();
    expect(of({ value: null, stderr: 0.1 })).toBeNull();
    expect(of({ stderr: null, seed_values: [0.5, 0.5] })).toBeNull();
  });
});
