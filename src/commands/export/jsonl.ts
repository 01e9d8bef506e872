import { UserError } from '../../errors.js';
import { toLine } from '../../history/line.js';
import { writeStream } from '../../platform/local/store.js';
import { chosenRecords } from './records.js';
import type { ExportTarget } from './target.js';

export const jsonlTarget: ExportTarget = {
  write: async (request) => {
    const { path, label } = request;
    if (path === undefined || label === undefined) {
      throw new UserError('export jsonl needs PATH: the file to write', {
        mend: 'assay export jsonl history.jsonl',
      });
    }
    let records = 0;
    await writeStream(path, async function* () {
      for await (const stored of chosenRecords(request)) {
        records += 1;
        yield `${toLine(stored)}\n`;
      }
    });
    return { records, place: label };
  },
};
