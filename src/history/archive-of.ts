import type { Archive } from './archive.js';
import type { History } from './port.js';
import { RECORD_KINDS } from './record.js';
import { placeRecord } from './stored.js';

/** The archive of a history whose records all have the bytes that Assay writes. */
export function archiveOf(history: History): Archive {
  return {
    records: async function* () {
      for (const kind of RECORD_KINDS) {
        for (const record of (await history.list({ kind })).toReversed()) yield placeRecord(record);
      }
    },
    restore: async (records) => {
      let present = 0;
      const fresh = [];
      for (const { record } of records) {
        const there = (await history.find(record.id)).length > 0;
        if (there) present += 1;
        fresh.push(record);
      }
      await history.append(fresh);
      return { added: records.length - present, present };
    },
  };
}
