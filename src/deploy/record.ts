import { z } from 'zod';
import { envelope } from '../history/record.js';

export const deploymentStatus = z.enum(['succeeded', 'undone', 'failed', 'cancelled']);

export const deploymentRecord = z.object({
  schema: z.literal('assay/deployment@1'),
  ...envelope,
  model: z.string(),
  version: z.string(),
  target: z.string(),
  status: deploymentStatus,
  reason: z.string().nullable(),
  url: z.string().nullable(),
  /** The version that was live on the target before. */
  replaced: z.string().nullable(),
  seconds: z.number(),
  steps: z.array(
    z.object({
      step: z.enum(['deploy', 'health', 'undo']),
      ok: z.boolean(),
      seconds: z.number(),
      detail: z.string(),
      tail: z.array(z.string()),
    }),
  ),
});
export type DeploymentRecord = Readonly<z.infer<typeof deploymentRecord>>;
