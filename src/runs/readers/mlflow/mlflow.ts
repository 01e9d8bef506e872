import type { FolderReader } from '../reader.js';
import { fileStore, isFileStore } from './file-store.js';
import { readStore } from './reading.js';

/** `mlruns/`, one of its experiments, or one run in it. */
export const mlflowFolder: FolderReader = {
  name: 'MLflow',
  recognises: (folder) => isFileStore(folder),
  read: (folder, options) => readStore(fileStore(folder), options),
};
