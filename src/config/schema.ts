import { z } from 'zod';
import { datasetConfig } from './data.js';
import { modelConfig, modelName } from './model.js';

/** assay.yml as a whole: the one source of types, defaults, the JSON Schema and the error messages. */

export const historyConfig = z.union(
  [
    z.strictObject({
      branch: z.string().min(1).default('assay'),
      push: z
        .enum(['auto', 'always', 'never'])
        .default('auto')
        .describe('auto: pushed in CI, local on a laptop'),
    }),
    z.strictObject({ directory: z.string().min(1) }),
  ],
  { error: 'expected { branch: NAME } or { directory: PATH }' },
);
export type HistoryConfig = z.infer<typeof historyConfig>;

export const artifactsConfig = z.union(
  [
    z.literal('releases'),
    z.strictObject({ directory: z.string().min(1) }),
    z.strictObject({ s3: z.string().regex(/^s3:\/\/[^/]+/) }),
  ],
  { error: 'expected releases, { directory: PATH } or { s3: s3://bucket/prefix }' },
);

const notifyEvents = z.array(
  z.enum(['promote', 'hold', 'reject', 'register', 'deploy', 'rollback', 'alert', 'failure']),
);
/** Secrets come by environment variable only, so a literal URL here is refused. */
const secretVariable = z.string().regex(/^\$\{?[A-Z_][A-Z0-9_]*\}?$/, {
  error: 'a secret is named by environment variable, such as $SLACK_WEBHOOK_URL; never written here',
});
export const notifyConfig = z
  .strictObject({
    slack: secretVariable.optional(),
    teams: secretVariable.optional(),
    webhook: secretVariable.optional(),
    on: notifyEvents.min(1),
  })
  .refine((to) => [to.slack, to.teams, to.webhook].filter(Boolean).length === 1, {
    error: 'expected exactly one of slack, teams, webhook',
  });

export const configSchema = z.strictObject({
  version: z.literal(1, { error: 'expected 1, the only version there is' }).default(1),
  history: historyConfig.prefault({}),
  artifacts: artifactsConfig.optional(),
  data: z.record(modelName, datasetConfig).default({}),
  models: z.record(modelName, modelConfig).default({}),
  notify: z.array(notifyConfig).default([]),
  include: z.array(z.string().min(1)).default([]).describe('further assay.yml files of a monorepo'),
});
export type Config = z.infer<typeof configSchema>;
