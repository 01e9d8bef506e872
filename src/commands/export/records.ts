import type { StoredRecord } from '../../history/archive.js';
import type { ExportRequest } from './target.js';

/** The records that were asked for, with progress on the way. */
export async function* chosenRecords(
  request: Pick<ExportRequest, 'project' | 'world' | 'model'>,
): AsyncGenerator<StoredRecord> {
  const { project, world, model } = request;
  const archive = await project.archive();
  const progress = world.terminal.progress('exporting');
  let count = 0;
  try {
    for await (const stored of archive.records()) {
      world.cancel.throwIfAborted();
      if (model !== undefined && stored.record.model !== model) continue;
      count += 1;
      if (count % 1000 === 0) progress.update(count);
      yield stored;
    }
  } finally {
    progress.end();
  }
}
