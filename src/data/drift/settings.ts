import type { z } from 'zod';
import type { driftConfig } from '../../config/data.js';

/** The `drift:` block of a dataset, with its defaults. */
export type DriftSettings = Readonly<z.infer<typeof driftConfig>>;

/** A seed of its own for each column, the same in every run. */
export function seedOf(seed: number, name: string): number {
  // FNV-1a, 32 bits.
  let hash = (2166136261 ^ seed) >>> 0;
  for (const char of name) {
    hash ^= char.codePointAt(0) ?? 0;
    hash = Math.imul(hash, 16777619) >>> 0;
  }
  return hash;
}
