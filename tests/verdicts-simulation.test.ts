import { afterAll, describe, expect, it, vi } from 'vitest';
import { repeatsOf } from '../src/compare/repeats.js';
import { metricKey } from '../src/metrics/metric.js';
import { type Random, randomOf } from '../src/statistics/random.js';
import { metricOf, runOf } from './fakes/run.js';
import { judgeRows, judgeRuns, Tally } from './verdicts/tally.js';
import { BINARY_WORLDS, binaryPair, regressionPair } from './verdicts/worlds.js';

/**
 * How often a verdict is wrong, and how often an interval misses, by simulation. ASSAY_TRIALS=20 makes twenty times as many trials and
 * prints the table that docs/statistics.md shows.
 */

const TIMES = Number(process.env.ASSAY_TRIALS ?? 1);
vi.setConfig({ testTimeout: 120_000 * TIMES });
const rows: string[] = [];
afterAll(() => {
  if (TIMES > 1) console.log(['', ...rows].join('\n'));
});

/** Rates are held to their bound and three of their own standard errors. */
const above = (bound: number, trials: number) => bound + 3 * Math.sqrt((bound * (1 - bound)) / trials);
const below = (bound: number, trials: number) => bound - 3 * Math.sqrt((bound * (1 - bound)) / trials);

function simulate(
  what: string,
  of: { readonly trials: number; readonly seed: number },
  once: (tally: Tally, random: Random) => void,
): Tally {
  const random = randomOf(of.seed);
  const tally = new Tally();
  for (let trial = 0; trial < of.trials * TIMES; trial++) once(tally, random);
  const percent = (share: number) => (Number.isNaN(share) ? '–' : `${(100 * share).toFixed(1)} %`);
  const methods = [...tally.methods].join('; ').slice(0, 90);
  rows.push(`| ${what} | ${methods} | ${percent(tally.callRate)} | ${percent(tally.coverage)} |`);
  return tally;
}

function expectHonest(tally: Tally): void {
  expect(tally.callRate).toBeLessThanOrEqual(above(0.05, tally.comparisons));
  // The metrics of one comparison go together: they tell as much of the coverage as one of them.
  if (tally.intervals > 0) expect(tally.coverage).toBeGreaterThanOrEqual(below(0.95, tally.comparisons));
}

/** True differences of worlds whose first model sees the classes 0.4 farther apart: means of 3,000,000 simulated rows. */
const TRUTHS = {
  balanced: { roc_auc: 0.0787, average_precision: 0.0834, log_loss: -0.0865, brier: -0.0352 },
  rare: { roc_auc: 0.0553, average_precision: 0.1539, log_loss: -0.0426, brier: -0.01226 },
} as const;

const SCORES = ['roc_auc', 'average_precision', 'log_loss', 'brier'] as const;
const DECISIONS = ['accuracy', 'f1_binary', 'precision_binary', 'recall_binary', 'mcc'] as const;
const ERRORS = ['mae', 'rmse', 'mse', 'r2'] as const;

describe('two equal models are called better or worse in at most 5 % of comparisons', () => {
  describe.each(Object.entries(BINARY_WORLDS))('binary, %s', (name, world) => {
    it.each([
      [20, 150],
      [200, 100],
      [2000, 30],
    ])('%i rows: areas, log loss, Brier', (count, trials) => {
      const tally = simulate(
        `${name}, ${count} rows: ${SCORES.join(', ')}`,
        { trials, seed: count },
        (all, random) => {
          all.add(judgeRows(binaryPair(world, { rows: count, gap: 0, random, sameDecisions: true }), SCORES));
        },
      );
      expectHonest(tally);
    });

    it.each([
      [20, 60],
      [100, 40],
      [2000, 40],
    ])('%i rows: decisions', (count, trials) => {
      const tally = simulate(
        `${name}, ${count} rows: ${DECISIONS.join(', ')}`,
        { trials, seed: count },
        (all, random) => {
          all.add(judgeRows(binaryPair(world, { rows: count, gap: 0, random }), DECISIONS));
        },
      );
      expectHonest(tally);
    });
  });

  it('binary, 20,000 rows', () => {
    const tally = simulate(
      'balanced, 20,000 rows: scores and decisions',
      { trials: 8, seed: 1 },
      (all, random) => {
        const pair = binaryPair(BINARY_WORLDS.balanced, { rows: 20_000, gap: 0, random });
        all.add(judgeRows(pair, [...SCORES, ...DECISIONS]));
      },
    );
    expectHonest(tally);
  });

  it.each([
    [false, 20, 200],
    [true, 20, 200],
    [false, 200, 200],
    [true, 200, 200],
    [true, 20_000, 15],
  ])('regression (skewed: %s), %i rows', (skewed, count, trials) => {
    const what = `regression, ${skewed ? 'skewed' : 'normal'} errors, ${count} rows: ${ERRORS.join(', ')}`;
    expectHonest(
      simulate(what, { trials, seed: count }, (all, random) => {
        all.add(judgeRows(regressionPair({ rows: count, gap: 0, skewed, random }), ERRORS));
      }),
    );
  });

  it.each([
    [3, 0],
    [3, 0.9],
    [5, 0],
    [5, 0.6],
    [6, 0],
    [10, 0],
    [10, 0.9],
    [30, 0],
  ])('%i seeds that go together by %d', (count, together) => {
    const seeds = Array.from({ length: count }, (_, seed) => seed);
    const what = `${count} seeds, correlation ${together}`;
    expectHonest(
      simulate(what, { trials: 700, seed: count }, (all, random) => {
        const luck = seeds.map(() => random.normal());
        const draw = () =>
          luck.map(
            (one) => 0.9 + 0.01 * (Math.sqrt(together) * one + Math.sqrt(1 - together) * random.normal()),
          );
        const sides = { candidate: { seed_values: draw() }, baseline: { seed_values: draw() } };
        all.add([judgeRuns(sides, { seeds })]);
      }),
    );
  });

  it.each([3, 10])('%i seeds of a skewed, bounded metric', (count) => {
    const seeds = Array.from({ length: count }, (_, seed) => seed);
    expectHonest(
      simulate(`${count} seeds, skewed and bounded`, { trials: 700, seed: count }, (all, random) => {
        const draw = () => seeds.map(() => 1 - random.uniform() ** 4 * 0.2);
        all.add([
          judgeRuns({ candidate: { seed_values: draw() }, baseline: { seed_values: draw() } }, { seeds }),
        ]);
      }),
    );
  });

  it.each([20, 200, 20_000])('shares of %i rows with the standard errors of a file', (count) => {
    expectHonest(
      simulate(`shares of ${count} rows, standard errors`, { trials: 400, seed: count }, (all, random) => {
        const draw = () => {
          let right = 0;
          for (let row = 0; row < count; row++) if (random.uniform() < 0.8) right++;
          const value = right / count;
          return { value, n: count, stderr: Math.sqrt((value * (1 - value)) / count) };
        };
        all.add([judgeRuns({ candidate: draw(), baseline: draw() })]);
      }),
    );
  });

  it.each([2, 6])('the noise of %i equal runs in the history', (count) => {
    expectHonest(
      simulate(`history, ${count} equal runs`, { trials: 700, seed: count }, (all, random) => {
        const draw = () => 0.9 + 0.01 * random.normal();
        const equal = Array.from({ length: count }, () => runOf({ metrics: [metricOf('accuracy', draw())] }));
        const repeats = repeatsOf(equal).get(metricKey(metricOf('accuracy', 0)));
        if (!repeats) throw new Error('no repeats');
        all.add([judgeRuns({ candidate: { value: draw() }, baseline: { value: draw() } }, { repeats })]);
      }),
    );
  });

  it.skipIf(TIMES === 1).each([
    [100, 3],
    [3000, 3],
  ])(
    'resampled metrics of %i rows (skipped unless ASSAY_TRIALS is set: they take minutes)',
    (count, trials) => {
      const names = ['ks_statistic', 'ece_10_equal_width'];
      expectHonest(
        simulate(`balanced, ${count} rows: ${names.join(', ')}`, { trials, seed: count }, (all, random) => {
          const pair = binaryPair(BINARY_WORLDS.balanced, {
            rows: count,
            gap: 0,
            random,
            sameDecisions: true,
          });
          all.add(judgeRows(pair, names));
        }),
      );
    },
  );
});

describe('a difference is seen, and its interval covers it in 93 to 97 %', () => {
  it.each([
    ['balanced', 200, 0.75],
    ['rare', 1000, 0.9],
  ] as const)('%s, %i rows, better by what it takes to be seen in %d', (name, count, power) => {
    const what = `${name}, ${count} rows, roc_auc better by ${TRUTHS[name].roc_auc}`;
    const tally = simulate(what, { trials: 60, seed: count }, (all, random) => {
      const pair = binaryPair(BINARY_WORLDS[name], { rows: count, gap: 0.4, random, sameDecisions: true });
      all.add(judgeRows(pair, SCORES), TRUTHS[name]);
    });
    expect(tally.callRate).toBeGreaterThanOrEqual(below(power, tally.comparisons));
    expectCovering(tally);
  });

  it('regression, 200 rows, errors smaller by 15 %', () => {
    const truth = {
      mae: -0.15 * Math.sqrt(2 / Math.PI),
      mse: 0.85 ** 2 - 1,
      rmse: -0.15,
      r2: (1 - 0.85 ** 2) / 4,
    };
    const tally = simulate(
      'regression, 200 rows, errors 15 % smaller',
      { trials: 200, seed: 5 },
      (all, random) => {
        all.add(judgeRows(regressionPair({ rows: 200, gap: 0.15, skewed: false, random }), ERRORS), truth);
      },
    );
    expect(tally.callRate).toBeGreaterThanOrEqual(below(0.8, tally.comparisons));
    expectCovering(tally);
  });

  it.each([
    [3, 0.9, 0.5],
    [5, 0.9, 0.8],
    [5, 0, 0.3],
    [10, 0, 0.7],
  ])('%i seeds that go together by %d, better by 1.5 standard deviations', (count, together, power) => {
    const seeds = Array.from({ length: count }, (_, seed) => seed);
    const what = `${count} seeds, correlation ${together}, better by 1.5 standard deviations`;
    const tally = simulate(what, { trials: 400, seed: count }, (all, random) => {
      const luck = seeds.map(() => random.normal());
      const draw = (by: number) =>
        luck.map((one) => by + Math.sqrt(together) * one + Math.sqrt(1 - together) * random.normal());
      const sides = { candidate: { seed_values: draw(1.5) }, baseline: { seed_values: draw(0) } };
      all.add([judgeRuns(sides, { seeds })], { accuracy: 1.5 });
    });
    expect(tally.callRate).toBeGreaterThanOrEqual(below(power, tally.comparisons));
    expect(tally.coverage).toBeGreaterThanOrEqual(below(0.95, tally.comparisons));
  });

  function expectCovering(tally: Tally): void {
    expect(tally.coverage).toBeGreaterThanOrEqual(below(0.93, tally.comparisons));
    expect(tally.coverage).toBeLessThanOrEqual(above(0.97, tally.comparisons));
  }
});
