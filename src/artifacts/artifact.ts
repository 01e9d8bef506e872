import { z } from 'zod';

/** SHA-256 in lower-case hex. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A stored file or folder as records name it. */
export const artifact = z.object({
  /** `model`, `predictions`, `predictions.seed-2`, `log` … */
  name: z.string(),
  path: z.string(),
  /** SHA-256 in lower-case hex: of a file's bytes, or of the list of a folder's files. */
  digest: sha256,
  bytes: z.int().nonnegative(),
});
export type Artifact = Readonly<z.infer<typeof artifact>>;
