import { z } from 'zod';
import { datasetConfig } from './data.js';
import { modelConfig, modelName } from './model.js';
import { byteSize, duration } from './quantities.js';

/** assay.yml as a whole: the one source of types, defaults, the JSON Schema and the error messages. */

export const historyConfig = z.union(
  [
    z.strictObject({
      branch: z.string().min(1).default('assay').describe('the branch that holds the records'),
      push: z
        .enum(['auto', 'always', 'never'])
        .default('auto')
        .describe('auto: pushed in CI, kept local on a laptop'),
    }),
    z.strictObject({ directory: z.string().min(1).describe('a directory instead of a branch') }),
  ],
  { error: 'expected { branch: NAME } or { directory: PATH }' },
);

export const artifactsConfig = z.union(
  [
    z.literal('releases'),
    z.strictObject({ directory: z.string().min(1).describe('relative to assay.yml') }),
    z.strictObject({
      s3: z
        .string()
        .regex(/^s3:\/\/[^/]+/, { error: 'expected s3://bucket/prefix' })
        .describe('s3://bucket/prefix'),
    }),
  ],
  { error: 'expected releases, { directory: PATH } or { s3: s3://bucket/prefix }' },
);

export const engineConfig = z
  .strictObject({
    memory: byteSize.describe(
      'how much memory the data engine takes before it spills to disk; 60 % of the machine when left out',
    ),
    threads: z.int().positive().describe('how many cores it uses; all of them when left out'),
    spill: z
      .string()
      .min(1)
      .describe('a folder for what does not fit into memory; the temporary folder when left out'),
    query_timeout: duration.describe('a single query is stopped after so long'),
    spark: z
      .strictObject({
        submit: z
          .string()
          .min(1)
          .default('spark-submit')
          .describe('the program that starts a job; looked for on PATH'),
        master: z
          .string()
          .min(1)
          .optional()
          .describe('such as yarn, k8s://https://…, spark://…, local[4]; what Spark is set to when left out'),
        conf: z
          .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
          .default({})
          .describe(
            'settings of the job, such as spark.executor.memory: 8g; $NAME is an environment variable, for secrets',
          ),
        args: z
          .array(z.string())
          .default([])
          .describe('further words for spark-submit, such as --queue research'),
        staging: z
          .string()
          .min(1)
          .optional()
          .describe(
            'a folder that the machines of the cluster see too, for rows of text files; the temporary folder of this machine when left out',
          ),
      })
      .describe('how datasets with executor: spark are computed'),
  })
  .partial();

const notifyEvents = z.array(
  z.enum(['promote', 'hold', 'reject', 'register', 'deploy', 'rollback', 'alert', 'failure']),
);
/** Secrets come by environment variable only, so a literal URL here is refused. */
const secretVariable = z.string().regex(/^\$\{?[A-Z_][A-Z0-9_]*\}?$/, {
  error: 'a secret is named by environment variable, such as $SLACK_WEBHOOK_URL; never written here',
});
export const notifyConfig = z
  .strictObject({
    slack: secretVariable.optional().describe('the environment variable with the address of a Slack webhook'),
    teams: secretVariable
      .optional()
      .describe('the environment variable with the address of a Teams workflow'),
    webhook: secretVariable
      .optional()
      .describe('the environment variable with the address of any other webhook'),
    on: notifyEvents.min(1).describe('which events are told'),
  })
  .refine((to) => [to.slack, to.teams, to.webhook].filter(Boolean).length === 1, {
    error: 'expected exactly one of slack, teams, webhook',
  });

export const COMMENT_MODES = ['update', 'recreate', 'on-change', 'none'] as const;

export const reportConfig = z.strictObject({
  comment: z
    .enum(COMMENT_MODES)
    .default('update')
    .describe(
      'of the pull request. update: changed in place; recreate: posted anew, the old one folded away; on-change: anew when the answer changed, else in place; none',
    ),
  hold: z
    .enum(['action_required', 'neutral', 'success', 'failure'])
    .default('action_required')
    .describe('conclusion of the check run when the gate says hold'),
});

export const configSchema = z.strictObject({
  version: z
    .literal(1, { error: 'expected 1, the only version there is' })
    .default(1)
    .describe('of this format'),
  history: historyConfig
    .prefault({})
    .describe('where records are kept: a branch of the repository, or a directory outside git'),
  artifacts: artifactsConfig
    .optional()
    .describe(
      'where models and other large files are kept; when left out, in releases on GitHub and under .assay elsewhere',
    ),
  retention: z
    .strictObject({
      runs: z
        .int()
        .positive()
        .default(50)
        .describe('assay prune keeps the artifacts of the newest runs of each model, so many'),
      age: duration.prefault('90d').describe('and those of all runs younger than this'),
    })
    .prefault({})
    .describe('what assay prune keeps, besides what versions, accepted runs and baselines need'),
  engine: engineConfig.default({}).describe('limits of the data engine'),
  data: z.record(modelName, datasetConfig).default({}).describe('datasets, by name'),
  models: z.record(modelName, modelConfig).default({}).describe('models, by name'),
  report: reportConfig.prefault({}).describe('how results are told on GitHub'),
  notify: z.array(notifyConfig).default([]).describe('who is told what'),
  include: z
    .array(z.string().min(1))
    .default([])
    .describe('further assay.yml files of a monorepo, globs allowed; their paths are relative to themselves'),
});
export type Config = z.infer<typeof configSchema>;
