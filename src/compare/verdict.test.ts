import { describe, expect, it } from 'vitest';
import { metricOf, runOf } from '../../tests/fakes/run.js';
import { metricKey } from '../metrics/metric.js';
import { compareRuns, type PairedEvidence } from './compare.js';

const UNPAIRED: PairedEvidence = { kind: 'unpaired', why: null };

function verdictOf(options: {
  readonly candidate: readonly number[];
  readonly baseline: readonly number[];
  readonly tolerance?: number;
  readonly direction?: 'higher' | 'lower' | 'none';
}) {
  const metric = (values: readonly number[]) =>
    metricOf('roc_auc', values.reduce((sum, x) => sum + x, 0) / values.length, {
      seed_values: values.length > 1 ? [...values] : null,
      direction: options.direction ?? 'higher',
    });
  const { metrics, verdict } = compareRuns({
    candidate: runOf({ metrics: [metric(options.candidate)] }),
    baseline: runOf({ metrics: [metric(options.baseline)] }),
    evidence: UNPAIRED,
    rules:
      options.tolerance === undefined
        ? {}
        : { roc_auc: { tolerance: { kind: 'absolute', amount: options.tolerance } } },
    watched: new Set(['roc_auc']),
  });
  const [only] = metrics;
  if (!only) throw new Error('no metric');
  expect(verdict).toBe(only.verdict);
  return only;
}

describe('verdicts', () => {
  it('better, when the interval leaves zero', () => {
    const metric = verdictOf({ candidate: [0.91, 0.911, 0.912], baseline: [0.89, 0.891, 0.892] });
    expect(metric.verdict).toBe('better');
    expect(metric.reason).toMatchInlineSnapshot(`"+0.0177 to +0.0223 at 95 % (seeds, Welch)"`);
  });

  it('worse for a metric where lower is better', () => {
    const values = { candidate: [0.91, 0.911, 0.912], baseline: [0.89, 0.891, 0.892] };
    expect(verdictOf({ ...values, direction: 'lower' }).verdict).toBe('worse');
  });

  it('cannot tell, and says what it would take', () => {
    const metric = verdictOf({ candidate: [0.91, 0.914, 0.912], baseline: [0.909, 0.913, 0.911] });
    expect(metric.verdict).toBe('inconclusive');
    expect(metric.reason).toMatchInlineSnapshot(
      `"cannot tell: −0.0035 to +0.0055 at 95 % includes no change (seeds, Welch); about 32 seeds each would settle it"`,
    );
    expect(metric.needs?.seeds).toBe(32);
  });

  it('equal, when the whole interval is within the tolerance', () => {
    const metric = verdictOf({
      candidate: [0.91, 0.9101, 0.9102],
      baseline: [0.91, 0.9101, 0.9102],
      tolerance: 0.002,
    });
    expect(metric.verdict).toBe('equal');
  });

  it('a difference that is real but smaller than the tolerance is not called worse', () => {
    const metric = verdictOf({
      candidate: [0.9, 0.9004, 0.9008],
      baseline: [0.902, 0.9024, 0.9028],
      tolerance: 0.0025,
    });
    expect(metric.verdict).toBe('inconclusive');
    expect(metric.reason).toContain('cannot tell whether it matters');
  });

  it('says so when no uncertainty is known', () => {
    const metric = verdictOf({ candidate: [0.91], baseline: [0.9] });
    expect(metric.verdict).toBe('inconclusive');
    expect(metric.reason).toContain('no uncertainty known: add `seeds: [1, 2, 3]`');
  });

  it('goes by a declared tolerance when no uncertainty is known', () => {
    const metric = verdictOf({ candidate: [0.88], baseline: [0.9], tolerance: 0.01 });
    expect(metric.verdict).toBe('worse');
    expect(metric.reason).toContain('no uncertainty known');
    expect(verdictOf({ candidate: [0.895], baseline: [0.9], tolerance: 0.01 }).verdict).toBe('equal');
  });

  it('without a direction it is changed, neither better nor worse', () => {
    expect(verdictOf({ candidate: [1], baseline: [2], direction: 'none' }).verdict).toBe('changed');
    expect(verdictOf({ candidate: [2], baseline: [2], direction: 'none' }).verdict).toBe('equal');
  });
});

describe('compareRuns', () => {
  it('names what is new, missing, failed and incomparable', () => {
    const { metrics } = compareRuns({
      candidate: runOf({
        metrics: [metricOf('a', 1), metricOf('b', null, { reason: 'NaN in out/metrics.json' })],
      }),
      baseline: runOf({ metrics: [metricOf('b', 1), metricOf('c', 1)] }),
      evidence: UNPAIRED,
      rules: {},
      watched: new Set(),
    });
    expect(metrics.map((metric) => [metric.name, metric.verdict, metric.reason])).toEqual([
      ['a', 'new', 'the baseline does not have it'],
      ['b', 'missing', 'NaN in out/metrics.json'],
      ['c', 'missing', 'the baseline has it, this run does not'],
    ]);
  });

  it('loses nothing where neither run has a value: undefined in both, with the reason, and no headline', () => {
    const none = metricOf('roc_auc', null, { reason: 'only one class among the labels' });
    const other = metricOf('gini', null, { reason: 'no score column' });
    const { metrics, verdict } = compareRuns({
      candidate: runOf({ metrics: [none, { ...other, reason: 'one row' }, metricOf('accuracy', 0.5)] }),
      baseline: runOf({ metrics: [none, other, metricOf('accuracy', 0.5)] }),
      evidence: UNPAIRED,
      rules: {},
      watched: new Set(),
    });
    expect(metrics.map((metric) => [metric.verdict, metric.reason])).toEqual([
      ['incomparable', 'undefined in both runs: only one class among the labels'],
      ['incomparable', 'undefined in both runs: one row; in the baseline: no score column'],
      ['equal', 'no difference'],
    ]);
    expect(verdict).toBe('equal');
  });

  it('shows numbers side by side without a verdict when the data differ', () => {
    const { metrics, verdict } = compareRuns({
      candidate: runOf({ metrics: [metricOf('a', 1)] }),
      baseline: runOf({ metrics: [metricOf('a', 2)] }),
      evidence: { kind: 'incomparable', why: 'scored on other rows' },
      rules: {},
      watched: new Set(),
    });
    expect(verdict).toBe('incomparable');
    expect(metrics[0]).toMatchObject({ verdict: 'incomparable', reason: 'scored on other rows' });
    expect(metrics[0]?.baseline?.value).toBe(2);
  });

  describe('when the evaluation changed', () => {
    const evaluation = { source: 'p.csv', scores: 'a', custom: { 'evaluate.custom.profit': 'x' } };
    const runs = (fields: Partial<typeof evaluation>) => {
      const metrics = [
        metricOf('accuracy', 0.9, { source: 'p.csv' }),
        metricOf('profit', 3, { source: 'evaluate.custom.profit' }),
        metricOf('other', 1, { source: 'metrics.json' }),
      ];
      return {
        candidate: runOf({ metrics, evaluation: { ...evaluation, ...fields } }),
        baseline: runOf({ metrics, evaluation }),
        rules: {},
        watched: new Set<string>(),
      };
    };
    const verdicts = (input: Parameters<typeof compareRuns>[0]) =>
      compareRuns(input).metrics.map((metric) => [metric.name, metric.verdict]);

    it('compares what is defined as before, and nothing else', () => {
      expect(verdicts({ ...runs({ scores: 'b' }), evidence: UNPAIRED })).toEqual([
        ['accuracy', 'incomparable'],
        ['profit', 'equal'],
        ['other', 'equal'],
      ]);
      const code = compareRuns({
        ...runs({ custom: { 'evaluate.custom.profit': 'y' } }),
        evidence: UNPAIRED,
      }).metrics;
      expect(code.map(({ verdict }) => verdict)).toEqual(['equal', 'incomparable', 'equal']);
      expect(code[1]?.reason).toBe(
        'computed by other code than in the baseline: evaluate.custom.profit changed',
      );
    });

    it('takes the values of both scored again, where the predictions are there', () => {
      const key = metricKey(metricOf('accuracy', 0));
      const values = new Map([[key, { candidate: [0.8], baseline: [0.7], rows: 400 }]]);
      const noise = { standardError: 0.01, degreesOfFreedom: 399, rows: 400, method: 'paired rows' };
      const { metrics, warnings } = compareRuns({
        ...runs({ scores: 'b' }),
        evidence: { kind: 'paired', byMetric: new Map([[key, noise]]), common: { words: null, values } },
      });
      expect(metrics[0]).toMatchObject({
        verdict: 'better',
        candidate: { value: 0.8 },
        baseline: { value: 0.7 },
      });
      expect(metrics[0]?.reason).toContain('scored again as now defined: ');
      expect(metrics.slice(1).map(({ verdict }) => verdict)).toEqual(['equal', 'equal']);
      expect(warnings[0]).toContain('evaluate: changed since the baseline');
    });
  });

  it('does not call a watched run worse for one of a hundred metrics nobody watches', () => {
    const noisy = Array.from({ length: 100 }, (_, i) =>
      metricOf(`m${i}`, i === 0 ? 0.5 : 0.6, { stderr: 0.035, n: 500 }),
    );
    const before = Array.from({ length: 100 }, (_, i) => metricOf(`m${i}`, 0.6, { stderr: 0.035, n: 500 }));
    const { metrics, verdict } = compareRuns({
      candidate: runOf({ metrics: [metricOf('roc_auc', 0.9), ...noisy] }),
      baseline: runOf({ metrics: [metricOf('roc_auc', 0.9), ...before] }),
      evidence: UNPAIRED,
      rules: {},
      watched: new Set(['roc_auc']),
    });
    expect(metrics.find((metric) => metric.name === 'm0')?.p).toBeLessThan(0.05);
    expect(metrics.find((metric) => metric.name === 'm0')?.verdict).toBe('inconclusive');
    expect(verdict).toBe('equal');
  });

  it('takes paired rows by metric and slice', () => {
    const metric = metricOf('roc_auc', 0.9, { slice: { sex: 'Female' } });
    const { metrics } = compareRuns({
      candidate: runOf({ metrics: [{ ...metric, value: 0.88 }] }),
      baseline: runOf({ metrics: [metric] }),
      evidence: {
        kind: 'paired',
        byMetric: new Map([
          [
            metricKey(metric),
            { standardError: 0.002, rows: 3000, degreesOfFreedom: 3000, method: 'paired rows' },
          ],
        ]),
      },
      rules: {},
      watched: new Set(),
    });
    expect(metrics[0]).toMatchObject({ verdict: 'worse', method: 'paired rows' });
  });

  it('says that a run stopped early', () => {
    const failed = runOf({ status: 'failed', reason: 'm.json is empty', metrics: [] });
    const result = compareRuns({
      candidate: failed,
      baseline: undefined,
      evidence: UNPAIRED,
      rules: {},
      watched: new Set(),
    });
    expect(result.warnings).toEqual(['this run failed: m.json is empty']);
  });

  it('compares the rows that both have with their values on these, and nothing else', () => {
    const metric = metricOf('accuracy', 0.9, { n: 4000 });
    const other = metricOf('latency_ms', 12, { direction: 'lower' });
    const { metrics, warnings } = compareRuns({
      candidate: runOf({ metrics: [metric, other] }),
      baseline: runOf({ metrics: [{ ...metric, value: 0.7, n: 5000 }, other] }),
      evidence: {
        kind: 'paired',
        byMetric: new Map([
          [
            metricKey(metric),
            { standardError: 0.002, rows: 3000, degreesOfFreedom: 2999, method: 'paired rows' },
          ],
        ]),
        common: {
          words: '3000 rows in common, of 4000 here and 5000 in the baseline',
          values: new Map([[metricKey(metric), { candidate: [0.86], baseline: [0.85], rows: 3000 }]]),
        },
      },
      rules: {},
      watched: new Set(),
    });
    expect(metrics[0]).toMatchObject({ verdict: 'better', candidate: { value: 0.86, n: 3000 } });
    expect(metrics[0]?.difference).toBeCloseTo(0.01, 12);
    expect(metrics[0]?.reason).toContain('on the rows in common: +0.00');
    expect(metrics[1]).toMatchObject({ verdict: 'incomparable' });
    expect(warnings).toEqual([
      'scored on other rows, so compared on those that both have: 3000 rows in common, of 4000 here and 5000 in the baseline',
    ]);
  });

  it('does not compare a metric whose direction was another one', () => {
    const { metrics } = compareRuns({
      candidate: runOf({ metrics: [metricOf('gain', 2, { direction: 'higher' })] }),
      baseline: runOf({ metrics: [metricOf('gain', 1, { direction: 'lower' })] }),
      evidence: UNPAIRED,
      rules: {},
      watched: new Set(),
    });
    expect(metrics[0]).toMatchObject({ verdict: 'incomparable' });
    expect(metrics[0]?.reason).toContain('higher is better here, lower in the baseline');
  });

  it.each([
    [0, 'a relative tolerance of a baseline of 0 is 0'],
    [-2, 'within the tolerance of 0.1'],
  ])('takes a relative tolerance of a baseline of %d by its size', (before, reason) => {
    const { metrics } = compareRuns({
      candidate: runOf({ metrics: [metricOf('score', before + 0.05)] }),
      baseline: runOf({ metrics: [metricOf('score', before)] }),
      evidence: UNPAIRED,
      rules: { score: { tolerance: { kind: 'relative', share: 0.05 } } },
      watched: new Set(),
    });
    expect(metrics[0]?.reason).toContain(reason);
  });

  it('lists changed parameters and data', () => {
    const result = compareRuns({
      candidate: runOf({
        params: { depth: 6, rate: 0.1 },
        data: [{ name: 'adult', digest: 'bb', rows: 11 }],
      }),
      baseline: runOf({ params: { depth: 4, rate: 0.1 }, data: [{ name: 'adult', digest: 'aa', rows: 10 }] }),
      evidence: UNPAIRED,
      rules: {},
      watched: new Set(),
    });
    expect(result.params).toEqual([{ name: 'depth', baseline: 4, candidate: 6 }]);
    expect(result.data).toEqual([{ name: 'adult', baseline: 'aa', candidate: 'bb', rows: [10, 11] }]);
  });
});

describe('error rates, by simulation with a seeded generator', () => {
  /** Standard normal numbers by Box and Muller over a linear congruential generator (Numerical Recipes). */
  function normals(seed: number): () => number {
    let state = seed >>> 0;
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state + 1) / 4294967297;
    };
    return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  }

  it.each([2, 3, 5, 10])(
    'equal models with %i seeds are called better or worse in at most one comparison in twenty',
    (seeds) => {
      const normal = normals(seeds);
      const trials = 2000;
      let calls = 0;
      for (let trial = 0; trial < trials; trial++) {
        const draw = () => Array.from({ length: seeds }, () => 0.9 + 0.01 * normal());
        const { verdict } = verdictOf({ candidate: draw(), baseline: draw() });
        if (verdict === 'better' || verdict === 'worse') calls++;
      }
      // 5 % and three standard errors of 2,000 trials
      expect(calls / trials).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / trials));
    },
  );

  it('five seeds see a difference of three standard deviations in at least 95 % of comparisons', () => {
    const normal = normals(99);
    let calls = 0;
    for (let trial = 0; trial < 500; trial++) {
      const draw = (mean: number) => Array.from({ length: 5 }, () => mean + 0.01 * normal());
      if (verdictOf({ candidate: draw(0.93), baseline: draw(0.9) }).verdict === 'better') calls++;
    }
    expect(calls / 500).toBeGreaterThan(0.95);
  });
});
