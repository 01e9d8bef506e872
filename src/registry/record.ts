import { z } from 'zod';
import { artifact } from '../artifacts/artifact.js';
import { envelope } from '../history/record.js';

export const versionRecord = z.object({
  schema: z.literal('assay/version@1'),
  ...envelope,
  model: z.string(),
  /** Semantic version without the `v`: `1.4.0`. */
  version: z.string(),
  /** GTO: `income@v1.4.0`. */
  tag: z.string(),
  run: z.string(),
  decision: z.string().nullable(),
  assets: z.array(artifact),
  url: z.string().nullable(),
});
export type VersionRecord = Readonly<z.infer<typeof versionRecord>>;

export const stageRecord = z.object({
  schema: z.literal('assay/stage@1'),
  ...envelope,
  model: z.string(),
  stage: z.string(),
  number: z.int().positive(),
  /** GTO: `income#prod#3`; `income#prod!#3` when the stage is emptied. */
  tag: z.string(),
  /** Null when the stage is empty again: its first deployment failed, and nothing was there before. */
  version: z.string().nullable(),
  /** The version it replaced; null when the stage was empty. */
  replaces: z.string().nullable(),
  action: z.enum(['promote', 'rollback']),
  decision: z.string().nullable(),
  reason: z.string().nullable(),
});
export type StageRecord = Readonly<z.infer<typeof stageRecord>>;
