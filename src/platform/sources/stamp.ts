import { stat } from 'node:fs/promises';

/** What changes when a file does: any write moves its ctime, which no program can set back. */
export interface Stamp {
  readonly size: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
  readonly file: string;
}

export async function stampOf(path: string): Promise<Stamp> {
  const { size, mtimeNs, ctimeNs, dev, ino } = await stat(path, { bigint: true });
  return { size, modified: mtimeNs, changed: ctimeNs, file: `${dev}:${ino}` };
}

export function isSame(a: Stamp, b: Stamp): boolean {
  return a.size === b.size && a.modified === b.modified && a.changed === b.changed && a.file === b.file;
}
