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
  z.union([
    z.string(),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(paramValue),
    z.record(z.string(), paramValue),
  ]),
);

export const direction = z.enum(['higher', 'lower', 'none']);
export type Direction = z.infer<typeof direction>;

export const trainConfig = z.strictObject({
  run: z.string().min(1).optional().describe('the command, run by the shell in the folder of assay.yml'),
  notebook: z.string().optional(),
  params: z
    .record(z.string(), paramValue)
    .default({})
    .describe('handed to the command; { file: params.yaml } reads them from a file'),
  seeds: z.array(z.int().nonnegative()).min(1).default([0]).describe('one training each, one after another'),
  timeout: duration.optional().describe('for each seed'),
  executor: executor.default('local'),
  outputs: z
    .record(z.string(), z.string())
    .default({})
    .describe('name: path of files and folders kept as artifacts'),
  env: z.record(z.string(), z.string()).default({}),
});
export type TrainConfig = z.infer<typeof trainConfig>;

export const metricRule = z.strictObject({
  direction: direction.optional().describe('known by name for common metrics'),
  tolerance: margin.optional().describe('differences up to this do not matter: 0.002, or 5% of the baseline'),
});
export type MetricRule = z.infer<typeof metricRule>;

export const metricsConfig = z.strictObject({
  from: z.array(z.string().min(1)).default([]).describe('files, recognised by content; globs allowed'),
  rules: z.record(z.string(), metricRule).default({}),
});

const columnName = z.string().min(1);
export const evaluateConfig = z.strictObject({
  predictions: z.string().min(1).describe('CSV, TSV, JSON Lines or Parquet that the training command writes'),
  task: z.enum(['binary', 'multiclass', 'multilabel', 'regression', 'ranking', 'forecast']),
  columns: z
    .strictObject({
      id: columnName.default('id'),
      label: columnName.default('y_true'),
      prediction: columnName.default('y_pred'),
      score: columnName
        .default('y_score')
        .describe("several classes: 'p[{label}]' names one column per class"),
      weight: columnName.optional(),
      query: columnName.optional(),
    })
    .prefault({}),
  positive: z
    .union([z.string(), z.number(), z.boolean()])
    .optional()
    .describe('the label that counts as positive; 1 or true when left out'),
  threshold: z.number().default(0.5).describe('a score at or above it is predicted positive'),
  slices: z
    .array(z.union([z.string(), z.array(z.string()).min(1)]))
    .default([])
    .describe('columns to score separately; a list means their intersection'),
  split: z.string().default('test'),
});
export type EvaluateConfig = z.infer<typeof evaluateConfig>;

export const baselineConfig = z
  .string()
  .regex(/^(merge-base|blessed|branch:.+|stage:.+|run:.+)$/, {
    error: 'expected merge-base, branch:NAME, stage:NAME, run:ID or blessed',
  })
  .default('merge-base');

const missing = z.enum(['hold', 'reject', 'ignore']);
export const requirement = z.union(
  [
    z.enum(['better', 'not-worse']),
    z.strictObject({ min: z.number() }),
    z.strictObject({ max: z.number() }),
    z.strictObject({ change: changeBound }),
  ],
  { error: "expected better, not-worse, { min: 0.85 }, { max: 0.2 } or { change: '>= -1%' }" },
);
export type Requirement = z.infer<typeof requirement>;

export const gateRule = z.union(
  [
    z.strictObject({
      metric: z.string().min(1),
      require: requirement.default('not-worse'),
      slices: z.union([z.enum(['all', 'none']), z.array(z.string())]).default('none'),
      missing: missing.default('hold'),
    }),
    z.strictObject({ validation: z.string().min(1), missing: missing.default('hold') }),
    z.strictObject({ size: z.strictObject({ max: byteSize }), missing: missing.default('hold') }),
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
      timeout: duration.default(60),
      every: duration.default(2),
    })
    .optional(),
  undo: z.string().optional().describe('run when deploying or the health check fails'),
  needs: z.string().optional().describe('the target this version must be live on first'),
  timeout: duration.default(600),
});
export type CommandTarget = z.infer<typeof commandTarget>;

const openObject = z.record(z.string(), z.unknown());
/** Targets other than a command are kept as written; their verbs validate them when they exist. */
export const engineTarget = z
  .looseObject({
    kubernetes: openObject.optional(),
    sagemaker: openObject.optional(),
    terraform: openObject.optional(),
    docker: openObject.optional(),
    webhook: openObject.optional(),
    needs: z.string().optional(),
    strategy: openObject.optional(),
  })
  .refine((target) => TARGET_ENGINES.some((engine) => engine in target), {
    error: 'expected a target: run (a command), kubernetes, sagemaker, terraform, docker or webhook',
  });
export const TARGET_ENGINES = ['kubernetes', 'sagemaker', 'terraform', 'docker', 'webhook'] as const;
export const deployTarget = z.union([commandTarget, engineTarget]);

export const tuneConfig = z.strictObject({
  objective: z.string(),
  sampler: z.enum(['tpe', 'random', 'grid']).default('tpe'),
  trials: z.int().positive().default(20),
  parallel: z.int().positive().default(1),
  stop: z.enum(['asha', 'median', 'none']).default('none'),
  space: z.record(z.string(), z.unknown()),
});
export const serveConfig = z.strictObject({
  with: z.enum(['fastapi', 'flask', 'onnx', 'command']),
  model: z.string().optional(),
  run: z.string().optional(),
});
export const monitorConfig = z.strictObject({
  window: z.strictObject({ source: z.string(), every: duration }),
  labels: z.strictObject({ source: z.string(), join: z.string() }).optional(),
  confirm: z.int().positive().default(2),
  retrain: z
    .strictObject({
      when: z.array(z.enum(['drift', 'performance', 'schedule'])).min(1),
      cooldown: duration.optional(),
      budget: z.string().optional(),
    })
    .optional(),
});

/** A model's name: it becomes a folder of the history and part of a git tag. */
export const modelName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, {
  error: 'a name is lower case letters, digits, - and _, at most 64, starting with a letter or digit',
});

export const modelConfig = z.strictObject({
  data: z.array(z.string()).default([]),
  train: trainConfig.optional(),
  metrics: metricsConfig.prefault({}),
  evaluate: evaluateConfig.optional(),
  baseline: baselineConfig,
  gate: z.array(gateRule).default([]),
  tune: tuneConfig.optional(),
  serve: serveConfig.optional(),
  deploy: z.record(z.string(), deployTarget).default({}),
  monitor: monitorConfig.optional(),
});
export type ModelConfig = z.infer<typeof modelConfig>;
