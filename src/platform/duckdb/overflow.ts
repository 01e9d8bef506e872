import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Overflow } from '../../data/profile/number-columns.js';
import { storeError } from '../local/store.js';

/** Columns of numbers in a folder, a file each, as the machine holds them. */
export interface OverflowFiles extends Overflow {
  close(): Promise<void>;
}

export function overflowFiles(folder: string, name: string): OverflowFiles {
  const files = new Map<number, { readonly handle: FileHandle; bytes: number }>();
  const bytesOf = (values: Float64Array) =>
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return {
    append: async (column, values) => {
      const path = join(folder, `${name}-${column}`);
      try {
        const file = files.get(column) ?? { handle: await open(path, 'wx+'), bytes: 0 };
        files.set(column, file);
        await file.handle.write(bytesOf(values), 0, values.byteLength, file.bytes);
        file.bytes += values.byteLength;
      } catch (error) {
        throw storeError(error, path);
      }
    },
    read: async (column, from, into) => {
      const file = files.get(column);
      const { bytesRead } = (await file?.handle.read(bytesOf(into), 0, into.byteLength, from * 8)) ?? {
        bytesRead: 0,
      };
      if (bytesRead !== into.byteLength) throw new Error(`column ${column} was not read whole`);
    },
    close: async () => {
      for (const { handle } of files.values()) await handle.close();
      files.clear();
    },
  };
}
