import { UserError } from '../../errors.js';
import { databaseStore, isMlflowDatabase } from './mlflow/database.js';
import { readStore } from './mlflow/reading.js';
import { isOptunaDatabase, readOptuna } from './optuna.js';
import type { BinaryReader } from './reader.js';

const SIGNATURE = 'SQLite format 3\0';

/** SQLite databases of MLflow and Optuna. Read page by page, so that their size does not matter. */
export const sqlite: BinaryReader = {
  name: 'SQLite of MLflow or Optuna',
  largest: Number.MAX_SAFE_INTEGER,
  recognises: (head) => [...SIGNATURE].every((character, index) => head[index] === character.charCodeAt(0)),
  async read(file, options) {
    const database = await file.database();
    try {
      if (isMlflowDatabase(database)) return await readStore(databaseStore(database, file.path), options);
      if (isOptunaDatabase(database)) return readOptuna(database, { path: file.path, options });
      throw new UserError(`${file.path} is an SQLite database, but neither of MLflow nor of Optuna`, {
        mend: `tables in it: ${[...database.tables].slice(0, 8).join(', ') || 'none'}`,
      });
    } finally {
      database.close();
    }
  },
};
