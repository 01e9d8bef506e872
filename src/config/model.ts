import { z } from 'zod';
import { executor } from './data.js';
import { byteSize, changeBound, duration, margin } from './quantities.js';

/** The `models:` part of assay.yml. */

/** A parameter value as JSON has it; nested maps become dotted names for the training command. */
export type ParamValue =
  | string
  | number
  | boolean
  | null
  | readonly ParamValue[]
  | { readonly [name: string]: ParamValue };
export const paramValue: z.ZodType<ParamValue> = z.lazy(() =>
  z.union(
    [z.string(), z.number(), z.boolean(), z.null(), z.array(paramValue), z.record(z.string(), paramValue)],
    { error: 'expected a text, a number, true, false, a list or a map' },
  ),
);

export const direction = z.enum(['higher', 'lower', 'none']);
export type Direction = z.infer<typeof direction>;

export const trainConfig = z.strictObject({
  run: z.string().min(1).optional().describe('the command, run by the shell in the folder of assay.yml'),
  notebook: z.string().optional().describe('a notebook to run instead of a command'),
  params: z
    .record(z.string(), paramValue)
    .default({})
    .describe('handed to the command; { file: params.yaml } alone reads them from that file'),
  seeds: z.array(z.int().nonnegative()).min(1).default([0]).describe('one training each, one after another'),
  timeout: duration.optional().describe('for each seed'),
  executor: executor.default('local'),
  outputs: z
    .record(z.string(), z.string())
    .default({})
    .describe('name: path of files and folders kept as artifacts'),
  env: z
    .record(z.string(), z.string())
    .default({})
    .describe('further environment variables of the command; never secrets'),
});

export const metricRule = z.strictObject({
  direction: direction
    .optional()
    .describe('which side is better: higher, lower or none; known by name for common metrics'),
  tolerance: margin.optional().describe('differences up to this do not matter: 0.002, or 5% of the baseline'),
});
export type MetricRule = z.infer<typeof metricRule>;

export const metricsConfig = z.strictObject({
  from: z
    .array(z.string().min(1))
    .default([])
    .describe('files the training writes, recognised by content; globs allowed'),
  rules: z.record(z.string(), metricRule).default({}).describe('how to judge a metric, by its name'),
});

const columnName = z.string().min(1);
export const evaluateConfig = z.strictObject({
  predictions: z
    .string()
    .min(1)
    .describe('CSV, TSV, JSON Lines (also .gz, .zst) or Parquet that the training command writes'),
  task: z
    .enum(['binary', 'multiclass', 'multilabel', 'regression', 'ranking', 'forecast'])
    .describe('decides which metrics are computed'),
  columns: z
    .strictObject({
      id: columnName.default('id').describe('identifies a row, so that two runs are compared row by row'),
      label: columnName
        .default('y_true')
        .describe(
          "the true value; multilabel: a list such as a|b, or 'true[{label}]' for columns of 0 and 1",
        ),
      prediction: columnName.default('y_pred').describe('the predicted value'),
      score: columnName
        .default('y_score')
        .describe(
          "probability, or what ranking orders by; 'p[{label}]' names one column per class, 'q[{label}]' one per quantile of regression and forecast",
        ),
      weight: columnName.optional().describe('how much a row counts'),
      query: columnName
        .optional()
        .describe(
          'ranking: groups rows that are ranked together, `query` when left out; forecast: the series',
        ),
      time: columnName
        .optional()
        .describe('forecast: orders the rows of a series; else as the file has them'),
    })
    .prefault({})
    .describe('names of the columns in the predictions file'),
  positive: z
    .union([z.string(), z.number(), z.boolean()], { error: 'expected one label' })
    .optional()
    .describe('the label that counts as positive; 1 or true when left out'),
  threshold: z.number().default(0.5).describe('a score at or above it is predicted positive'),
  at: z
    .array(z.int().positive())
    .min(1)
    .default([1, 3, 5, 10])
    .describe('ranking: ranks at which lists are cut (ndcg_at_10 …)'),
  season: z
    .int()
    .positive()
    .default(1)
    .describe('forecast: rows until a series repeats, which `mase` is scaled by; 7 for days of a week'),
  slices: z
    .array(
      z.union([z.string(), z.array(z.string()).min(1)], { error: 'expected a column or a list of columns' }),
    )
    .default([])
    .describe('columns to score separately; a list means their intersection'),
  split: z.string().default('test').describe('recorded with each metric: test, validation …'),
  custom: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(200).describe('of the metric, when the command prints one number'),
        run: z
          .string()
          .min(1)
          .describe('a command that reads the file named by ASSAY_PREDICTIONS and prints JSON on stdout'),
        timeout: duration.default(600).describe('for the command'),
      }),
    )
    .default([])
    .describe('metrics of your own: { name: profit, run: python profit.py }'),
});
export type EvaluateConfig = z.infer<typeof evaluateConfig>;

export const baselineConfig = z
  .string()
  .regex(/^(merge-base|blessed|branch:.+|stage:.+|run:.+)$/, {
    error: 'expected merge-base, branch:NAME, stage:NAME, run:ID or blessed',
  })
  .default('merge-base')
  .describe(
    'what a run is compared with: merge-base, branch:NAME, stage:NAME (stage:MODEL@NAME: of another model), run:ID or blessed',
  );

const missing = z
  .enum(['hold', 'reject', 'ignore'])
  .default('hold')
  .describe('what it means when there is nothing to judge');
export const requirement = z.union(
  [
    z.enum(['better', 'not-worse']),
    z.strictObject({ min: z.number().describe('smallest value allowed') }),
    z.strictObject({ max: z.number().describe('largest value allowed') }),
    z.strictObject({ change: changeBound.describe("against the baseline: '>= -1%', '> 0.01'") }),
  ],
  { error: "expected better, not-worse, { min: 0.85 }, { max: 0.2 } or { change: '>= -1%' }" },
);
export type Requirement = z.infer<typeof requirement>;

export const gateRule = z.union(
  [
    z.strictObject({
      metric: z.string().min(1).describe('the metric that must hold'),
      require: requirement
        .default('not-worse')
        .describe("better, not-worse, { min: 0.85 }, { max: 0.2 } or { change: '>= -1%' }"),
      slices: z
        .union([z.enum(['all', 'none']), z.array(z.string())], {
          error: 'expected all, none or a list of slices',
        })
        .default('none')
        .describe('groups that must hold too: all, none, or a list of columns'),
      missing,
    }),
    z.strictObject({
      validation: z.string().min(1).describe('the dataset that must be valid'),
      missing,
    }),
    z.strictObject({
      size: z
        .strictObject({ max: byteSize.describe('of all outputs together: 200MB') })
        .describe('how large the model may be'),
      missing,
    }),
  ],
  { error: 'expected a rule: metric (with require, slices, missing), validation or size' },
);
export type GateRule = z.infer<typeof gateRule>;
export type MetricGateRule = Extract<GateRule, { metric: string }>;

/** A deployment target that is a command of the team's own. */
export const commandTarget = z.strictObject({
  run: z.string().min(1).describe('the command that deploys'),
  health: z
    .strictObject({
      run: z.string().optional().describe('healthy when it exits with 0'),
      url: z.string().optional().describe('healthy when it answers 2xx'),
      timeout: duration.default(60).describe('how long to wait for it'),
      every: duration.default(2).describe('how long to wait between two tries'),
    })
    .optional()
    .describe('how to see that the deployed version works'),
  undo: z.string().optional().describe('run when deploying or the health check fails'),
  needs: z.string().optional().describe('the target this version must be live on first'),
  timeout: duration.default(600).describe('for the command'),
});
export type CommandTarget = z.infer<typeof commandTarget>;

const openObject = z.record(z.string(), z.unknown());
/** Targets other than a command are kept as written; their verbs validate them when they exist. */
export const engineTarget = z
  .strictObject({
    kubernetes: openObject.optional().describe('a Kubernetes cluster'),
    sagemaker: openObject.optional().describe('an Amazon SageMaker endpoint'),
    terraform: openObject.optional().describe('a Terraform module'),
    docker: openObject.optional().describe('a Docker host'),
    webhook: openObject.optional().describe('an address to call'),
    needs: z.string().optional().describe('the target this version must be live on first'),
    strategy: openObject.optional().describe('how traffic moves over: { canary: [10, 50, 100] }'),
  })
  .refine((target) => TARGET_ENGINES.some((engine) => engine in target), {
    error: 'expected a target: run (a command), kubernetes, sagemaker, terraform, docker or webhook',
  });
export const TARGET_ENGINES = ['kubernetes', 'sagemaker', 'terraform', 'docker', 'webhook'] as const;
export const deployTarget = z.union([commandTarget, engineTarget], {
  error: 'expected a target: run (a command), kubernetes, sagemaker, terraform, docker or webhook',
});

export const tuneConfig = z.strictObject({
  objective: z.string().describe('the metric to improve'),
  sampler: z.enum(['tpe', 'random', 'grid']).default('tpe').describe('how the next trial is chosen'),
  trials: z.int().positive().default(20).describe('how many trials in all'),
  parallel: z.int().positive().default(1).describe('how many at a time'),
  stop: z.enum(['asha', 'median', 'none']).default('none').describe('when a trial is given up early'),
  space: z
    .record(z.string(), z.unknown())
    .describe(
      'by parameter: { log: [low, high] }, { int: [low, high] }, { uniform: [low, high] } or a list of choices',
    ),
});
export const serveConfig = z.strictObject({
  with: z.enum(['fastapi', 'flask', 'onnx', 'command']).describe('what serves the REST API'),
  model: z.string().optional().describe('the model file'),
  run: z.string().optional().describe('the command, with: command'),
});
export const monitorConfig = z.strictObject({
  window: z
    .strictObject({
      source: z.string().describe('what production saw; {date} stands for the day'),
      every: duration.describe('length of a window'),
    })
    .describe('the data that is watched'),
  labels: z
    .strictObject({
      source: z.string().describe('true values that arrive later'),
      join: z.string().describe('the column that both have'),
    })
    .optional()
    .describe('to measure performance in production'),
  confirm: z.int().positive().default(2).describe('consecutive windows before an alert'),
  retrain: z
    .strictObject({
      when: z
        .array(z.enum(['drift', 'performance', 'schedule']))
        .min(1)
        .describe('what starts it'),
      cooldown: duration.optional().describe('shortest time between two'),
      budget: z.string().optional().describe('most of them: 4/month'),
    })
    .optional()
    .describe('train again by itself'),
});

/** A model's name: it becomes a folder of the history and part of a git tag. */
export const modelName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, {
  error: 'a name is lower case letters, digits, - and _, at most 64, starting with a letter or digit',
});

export const modelConfig = z.strictObject({
  data: z.array(z.string()).default([]).describe('datasets it is trained on, by name'),
  train: trainConfig.optional().describe('how it is trained'),
  metrics: metricsConfig.prefault({}).describe('where its metrics are and how to judge them'),
  evaluate: evaluateConfig.optional().describe('score a predictions file'),
  baseline: baselineConfig,
  gate: z.array(gateRule).default([]).describe('rules of a promotion; all must hold'),
  tune: tuneConfig.optional().describe('hyperparameter search'),
  serve: serveConfig.optional().describe('serve it behind a REST API'),
  deploy: z.record(z.string(), deployTarget).default({}).describe('targets, by name'),
  monitor: monitorConfig.optional().describe('watch it in production'),
});
export type ModelConfig = z.infer<typeof modelConfig>;
