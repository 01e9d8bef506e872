import type { Curve } from '../../src/metrics/curve.js';
import type { ReportFacts } from '../../src/report/facts.js';
import { BASE, modelOf, NO_BASELINE, type Row, reportOf, validationOf } from './report.js';
import { runOf } from './run.js';

/** Reports of the situations that people meet, by name. */

const seeds = [1, 2, 3].map((seed) => ({
  seed,
  status: 'succeeded' as const,
  reason: null,
  exit_code: 0,
  seconds: 2.6,
  peak_memory_bytes: 180_000_000,
  cpu_seconds: 2.5,
}));
const model = (bytes: number) => ({ name: 'model', path: 'out/model.json', digest: 'e'.repeat(64), bytes });
const data = [{ name: 'adult', digest: 'd'.repeat(64), rows: 48_842 }];
const valid = validationOf([{}, {}, {}]);
const run = {
  seeds,
  data,
  artifacts: [model(1_240_000)],
  seconds: 7.9,
  params: { learning_rate: 0.1, trees: 120, loss: 'log' },
  resources: { peak_memory_bytes: 182_000_000, cpu_seconds: 7.4 },
};
const before = {
  data,
  artifacts: [model(980_000)],
  seconds: 5.2,
  params: { learning_rate: 0.1, trees: 80 },
  resources: { peak_memory_bytes: 175_000_000, cpu_seconds: 5 },
};
const others: readonly Row[] = [
  { name: 'accuracy', before: 0.8612, after: 0.8667, error: 0.0016 },
  { name: 'log_loss', before: 0.3021, after: 0.2946, error: 0.0012, direction: 'lower' },
  { name: 'brier', before: 0.0952, after: 0.0949, error: 0.0006, direction: 'lower' },
];
const gate = [{ metric: 'roc_auc', slices: 'all' }, { validation: 'adult' }, { size: { max: '200MB' } }];

const trend = {
  metric: 'roc_auc',
  branch: 'main',
  points: [0.9012, 0.9031, 0.9025, 0.9058, 0.9102, 0.9097, 0.9121, 0.9119, 0.9131, 0.9153].map(
    (value, at) => ({
      run: `20260101T0000000${at}0Z-00000000`,
      commit: at === 9 ? BASE : `${at}a${at}b${at}c${at}`.padEnd(40, '0'),
      value,
    }),
  ),
};
const curves: readonly Curve[] = [
  {
    kind: 'confusion',
    seed: 1,
    classes: ['<=50K', '>50K'],
    counts: [
      [11_214, 1221],
      [1498, 2348],
    ],
  },
  {
    kind: 'roc',
    seed: 1,
    class: null,
    false_positive_rate: [0, 0.02, 0.08, 0.2, 0.5, 1],
    true_positive_rate: [0, 0.42, 0.68, 0.86, 0.97, 1],
  },
];

function slices(female: readonly [number, number]): readonly Row[] {
  return [
    { slice: { sex: 'Female' }, before: 0.9305, after: female[0], error: female[1] },
    { slice: { sex: 'Male' }, before: 0.8921, after: 0.8989, error: 0.0014 },
    { slice: { race: 'Black' }, before: 0.9211, after: 0.926, error: 0.0016 },
    { slice: { race: 'White' }, before: 0.9098, after: 0.9151, error: 0.0012 },
  ];
}

export const SCENES: Readonly<Record<string, () => ReportFacts>> = {
  better: () =>
    reportOf([
      modelOf({
        rows: [
          { before: 0.91532, after: 0.92114, error: 0.0011, seeds: [0.9203, 0.9212, 0.9219] },
          ...others,
          ...slices([0.9352, 0.0015]),
        ],
        gate,
        validations: [valid],
        before,
        run: {
          ...run,
          curves: [...curves],
          series: [
            {
              name: 'train_loss',
              seed: 1,
              steps: [1, 2, 3, 4, 5, 6],
              values: [0.69, 0.51, 0.42, 0.36, 0.33, 0.31],
            },
          ],
        },
        trend,
      }),
    ]),
  inconclusive: () =>
    reportOf([
      modelOf({
        rows: [
          { before: 0.91532, after: 0.91611, error: 0.0019, seeds: [0.9148, 0.9161, 0.9174] },
          { name: 'accuracy', before: 0.8612, after: 0.8615, error: 0.0016 },
        ],
        gate: [{ metric: 'roc_auc' }],
        validations: [valid],
        run,
        before,
      }),
    ]),
  'rejected by a slice': () =>
    reportOf(
      [
        modelOf({
          rows: [{ before: 0.91532, after: 0.91921, error: 0.0009 }, ...others, ...slices([0.9094, 0.0031])],
          gate,
          validations: [valid],
          run: { ...run, warnings: ['the working tree has changes that are not committed'] },
          before,
        }),
      ],
      { url: 'https://github.com/o/r/actions/runs/1' },
    ),
  'failed run': () => {
    const failed = runOf({
      id: '20260102T000000000Z-00000002',
      commit: 'b'.repeat(40),
      status: 'failed',
      reason: 'the command exited with 1 (seed 2)',
      seeds: seeds
        .slice(0, 2)
        .map((seed, index) =>
          index === 0 ? seed : { ...seed, status: 'failed', reason: 'exit code 1', exit_code: 1 },
        ),
      log: {
        digest: null,
        bytes: 812,
        truncated: false,
        tail: [
          'epoch 3 loss 0.41',
          'Traceback (most recent call last):',
          '  File "train.py", line 12, in <module>',
          "KeyError: 'sex'",
          '```',
          '::error::not a command here',
        ],
      },
    });
    return reportOf([
      {
        model: 'income',
        run: failed,
        comparison: undefined,
        decision: undefined,
        validations: [valid],
        watched: ['roc_auc'],
      },
    ]);
  },
  'no baseline': () =>
    reportOf([
      modelOf({
        rows: [
          { before: null, after: 0.91532 },
          { name: 'accuracy', before: null, after: 0.8612 },
        ],
        baseline: NO_BASELINE,
        gate: [{ metric: 'roc_auc' }],
        run,
      }),
    ]),
  'NaN metric': () =>
    reportOf([
      modelOf({
        rows: [
          { before: 0.91532, after: null, reason: 'NaN in out/metrics.json' },
          { name: 'accuracy', before: 0.8612, after: 0.8667, error: 0.0016 },
        ],
        gate: [{ metric: 'roc_auc' }, { metric: 'accuracy' }],
        run,
        before,
      }),
    ]),
  'broken data': () =>
    reportOf([
      {
        model: 'income',
        run: undefined,
        comparison: undefined,
        decision: undefined,
        watched: ['roc_auc'],
        validations: [
          validationOf([
            { passed: false, failing: 3, rows: [12, 57, 4021] },
            {
              check: 'sex: one of Female, Male',
              column: 'sex',
              passed: false,
              failing: 41,
              rows: [3, 9, 18, 44, 51, 60],
            },
            { check: 'hours: not missing', passed: false, severity: 'warn', failing: 1, rows: [7] },
            {},
          ]),
        ],
      },
    ]),
  'several models': () => {
    const better = SCENES.better?.().models ?? [];
    const rejected = SCENES['rejected by a slice']?.().models ?? [];
    return reportOf([
      ...better.map((facts) => ({ ...facts, model: 'churn' })),
      ...rejected,
      {
        model: 'fraud',
        run: undefined,
        comparison: undefined,
        decision: undefined,
        validations: [],
        watched: [],
      },
    ]);
  },
};
