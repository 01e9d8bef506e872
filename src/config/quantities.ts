import { z } from 'zod';

/**
 * Numbers with a unit, parsed once: everything past `config/` sees plain numbers in seconds and bytes,
 * and margins as tagged unions.
 */

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
const BYTES = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

/** `90`, `90s`, `2h`, `1.5h`: seconds, greater than 0. A bare number is seconds. */
export const duration = z
  .union([z.number(), z.string()], { error: 'expected a duration such as 90s, 30m, 2h or 1d' })
  .transform((given, context): number => {
    const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?$/.exec(String(given));
    const seconds = match
      ? Number(match[1]) * SECONDS[(match[2] ?? 's') as keyof typeof SECONDS]
      : Number.NaN;
    if (seconds > 0) return seconds;
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(given)} is not a duration; write 90s, 30m, 2h or 1d`,
    });
    return z.NEVER;
  });

/** `1048576`, `200MB`, `1.5GiB`: bytes, greater than 0. A bare number is bytes. */
export const byteSize = z
  .union([z.number(), z.string()], { error: 'expected a size such as 200MB or 1.5GiB' })
  .transform((given, context): number => {
    const match = /^(\d+(?:\.\d+)?)\s*(B|[kK]B|[MGT]B|[KMGT]iB)?$/.exec(String(given));
    const bytes = match
      ? Math.round(Number(match[1]) * BYTES[(match[2] ?? 'B') as keyof typeof BYTES])
      : Number.NaN;
    if (bytes > 0) return bytes;
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(given)} is not a size; write 500kB, 200MB or 1.5GiB`,
    });
    return z.NEVER;
  });

/** An amount in the metric's own unit, or a share of the baseline's magnitude (0.05 for `5%`). */
export type Margin =
  | { readonly kind: 'absolute'; readonly amount: number }
  | { readonly kind: 'relative'; readonly share: number };

/** `0.002` or `5%`; never negative. */
export const margin = z
  .union([z.number(), z.string()], { error: 'expected a tolerance such as 0.002 or 5%' })
  .transform((given, context): Margin => {
    const match = /^(\d+(?:\.\d+)?(?:e-?\d+)?)\s*(%)?$/i.exec(String(given));
    if (match) {
      const amount = Number(match[1]);
      return match[2] ? { kind: 'relative', share: amount / 100 } : { kind: 'absolute', amount };
    }
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(given)} is not a tolerance; write 0.002 or 5% (zero or more)`,
    });
    return z.NEVER;
  });

/** A share between 0 and 1, written `0.01` or `1%`. */
export const share = z
  .union([z.number(), z.string()], { error: 'expected a share such as 0.01 or 1%' })
  .transform((given, context): number => {
    const match = /^(\d+(?:\.\d+)?(?:e-?\d+)?)\s*(%)?$/i.exec(String(given));
    const value = match ? Number(match[1]) / (match[2] ? 100 : 1) : Number.NaN;
    if (value >= 0 && value <= 1) return value;
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(given)} is not a share; write a number from 0 to 1, or a percentage up to 100%`,
    });
    return z.NEVER;
  });

/** A bound on a change against the baseline: `'>= -1%'`, `'> 0.01'`, `'<= 5%'`. */
export interface ChangeBound {
  readonly comparison: '>=' | '>' | '<=' | '<';
  readonly sign: 1 | -1;
  readonly margin: Margin;
}

export const changeBound = z
  .string({ error: "expected a change such as '>= -1%'" })
  .transform((given, context): ChangeBound => {
    const match = /^(>=|<=|>|<)\s*([+-]?)(\d+(?:\.\d+)?(?:e-?\d+)?)\s*(%)?$/i.exec(given.trim());
    if (match) {
      const amount = Number(match[3]);
      return {
        comparison: match[1] as ChangeBound['comparison'],
        sign: match[2] === '-' ? -1 : 1,
        margin: match[4] ? { kind: 'relative', share: amount / 100 } : { kind: 'absolute', amount },
      };
    }
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(given)} is not a change; write '>= -1%', '> 0.01' or '<= 5%'`,
    });
    return z.NEVER;
  });
