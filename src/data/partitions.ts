import { UserError } from '../errors.js';

/** Columns in the names of folders, as Hive and Spark write them: `country=US/day=2026-01-01/part-0.parquet`. */

export interface Partitions {
  readonly keys: readonly string[];
  /** For each file, the value of each key; null is missing. */
  readonly values: readonly (readonly (string | null)[])[];
}

/** Undefined when no folder is of this form. Throws UserError when the files differ in their keys. */
export function partitionsOf(files: readonly string[]): Partitions | undefined {
  const parsed = files.map((file) =>
    file
      .split('/')
      .slice(0, -1)
      .flatMap((part) => {
        const at = part.indexOf('=');
        return at > 0 ? [[decoded(part.slice(0, at)), decoded(part.slice(at + 1))] as const] : [];
      }),
  );
  const keys = (parsed[0] ?? []).map(([key]) => key);
  parsed.forEach((pairs, i) => {
    if (JSON.stringify(pairs.map(([key]) => key)) === JSON.stringify(keys)) return;
    throw new UserError(`${files[i]} is in other key=value folders than ${files[0]}`, {
      location: { file: files[i] ?? '' },
      mend: `the folders of one dataset have the same keys in the same order (${keys.join(', ') || 'none'})`,
    });
  });
  if (keys.length === 0) return undefined;
  if (new Set(keys).size < keys.length) throw new UserError(`${files[0]} has a key twice in its folders`);
  return {
    keys,
    values: parsed.map((pairs) =>
      pairs.map(([, value]) => (value === '__HIVE_DEFAULT_PARTITION__' || value === '' ? null : value)),
    ),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
