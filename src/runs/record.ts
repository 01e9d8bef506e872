import { z } from 'zod';
import { artifact } from '../artifacts/artifact.js';
import { paramValue } from '../config/model.js';
import { envelope } from '../history/record.js';
import { curve } from '../metrics/curve.js';
import { metric } from '../metrics/metric.js';

export const runStatus = z.enum(['succeeded', 'failed', 'cancelled']);

/** Values per step of one metric, downsampled to at most 1,000 points. */
export const series = z.object({
  name: z.string(),
  seed: z.int().nullable(),
  steps: z.array(z.number()),
  values: z.array(z.number().nullable()),
});
export type Series = Readonly<z.infer<typeof series>>;

/** The machine and the programs of a run. */
export const environment = z.object({
  os: z.string(),
  cpu: z.object({ model: z.string(), cores: z.int() }),
  memory_bytes: z.int(),
  /** `{ node: '20.20.2', python: '3.11.7' }`: those found on PATH. */
  runtimes: z.record(z.string(), z.string()),
  /** Digest per lockfile found beside assay.yml. */
  lockfiles: z.record(z.string(), z.string()),
});
export type Environment = Readonly<z.infer<typeof environment>>;

export const imported = z.object({
  /** `mlflow`, `wandb`, `dvc`, `benchmark-action`. */
  tool: z.string(),
  /** Its id there: of a run, of a commit. */
  id: z.string(),
  name: z.string().nullable(),
  /** The experiment, project, pipeline or suite that it belongs to. */
  group: z.string().nullable(),
});

/** One training (or evaluation) of one model: immutable. */
export const runRecord = z.object({
  schema: z.literal('assay/run@1'),
  ...envelope,
  model: z.string(),
  /** `train`, `evaluate` (scored again) or `reproduce`; the run it goes back to is `parent`. */
  purpose: z.enum(['train', 'evaluate', 'reproduce']),
  status: runStatus,
  /** Why it failed or was cancelled; null when it succeeded. */
  reason: z.string().nullable(),
  /** Null when another tool made the run and did not keep it, as everywhere below. */
  seconds: z.number().nonnegative().nullable(),
  command: z.string().nullable(),
  params: z.record(z.string(), paramValue),
  /** Parameters that the command's own tools recorded beside its metrics (MLflow, hparams.yaml …) and that `params` has not. */
  tool_params: z.record(z.string(), paramValue).optional(),
  /** The seed when there was one; null when there were several. */
  seed: z.int().nullable(),
  seeds: z.array(
    z.object({
      seed: z.int(),
      status: runStatus,
      reason: z.string().nullable(),
      exit_code: z.int().nullable(),
      seconds: z.number().nonnegative(),
      peak_memory_bytes: z.int().nullable(),
      cpu_seconds: z.number().nullable(),
    }),
  ),
  data: z.array(z.object({ name: z.string(), digest: z.string(), rows: z.int().nonnegative().nullable() })),
  environment: environment.nullable(),
  code: z.object({
    commit: z.string().nullable(),
    /** Null when unknown. */
    dirty: z.boolean().nullable(),
    branch: z.string().nullable(),
    pull_request: z.int().nullable(),
  }),
  metrics: z.array(metric),
  /** How the metrics were defined, as digests; absent where none were scored, and in records of older versions. */
  evaluation: z
    .object({
      /** The predictions file: metrics with this source were scored from it. */
      source: z.string(),
      /** Of the settings under `evaluate:` and of the formulas. */
      scores: z.string(),
      /** By the source of the metrics: the command of the team's own and the code it names. */
      custom: z.record(z.string(), z.string()),
    })
    .optional(),
  series: z.array(series),
  /** ROC, precision-recall, calibration, residuals, confusion of the scored predictions; absent where none were scored. */
  curves: z.array(curve).optional(),
  artifacts: z.array(artifact),
  log: z.object({
    digest: z.string().nullable(),
    bytes: z.int().nonnegative(),
    /** True when the log was longer than what is kept. */
    truncated: z.boolean(),
    /** The last lines, secrets masked. */
    tail: z.array(z.string()),
  }),
  resources: z.object({ peak_memory_bytes: z.int().nullable(), cpu_seconds: z.number().nullable() }),
  /** Things the user should know that did not fail the run. */
  warnings: z.array(z.string()),
  /** The run this one evaluates or reproduces, or was made inside of. */
  parent: z.string().nullable(),
  /** Where it came from, of a run that another tool made and `assay import` brought. */
  imported: imported.optional(),
});
export type RunRecord = Readonly<z.infer<typeof runRecord>>;
