import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { fromLine } from '../../history/line.js';
import { TEXT_COLUMN } from '../export/record-table.js';
import type { ImportSource } from './source.js';

/** The other half of `assay export parquet`: the text of each record is in its row, and the other columns are not read. */
export const parquetSource: ImportSource = {
  read: async function* ({ path, label, world }) {
    const { readTexts } = await import('../../platform/duckdb/records.js');
    const { env, cancel, terminal } = world;
    const files = await filesAt(path, label);
    for await (const found of readTexts(files, { env, cancel, notice: terminal.info, column: TEXT_COLUMN })) {
      const stored = fromLine(found.text);
      if (!('problem' in stored)) yield stored;
      else {
        throw new UserError(`row ${found.row} is no record: ${stored.problem}`, {
          location: { file: found.label },
          mend: 'nothing was imported; a row is written by: assay export parquet FOLDER',
        });
      }
    }
  },
};

async function filesAt(
  path: string,
  label: string,
): Promise<readonly { readonly path: string; readonly label: string }[]> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new UserError(`${label} is not there`);
  if (found.isFile()) return [{ path, label }];
  const names = (await readdir(path)).filter((name) => /^[^.].*\.parquet$/.test(name)).sort();
  if (names.length > 0) return names.map((name) => ({ path: join(path, name), label: join(label, name) }));
  throw new UserError(`${label} holds no Parquet files`, { mend: 'written by: assay export parquet FOLDER' });
}
