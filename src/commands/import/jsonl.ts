import { UserError } from '../../errors.js';
import { fromLine } from '../../history/line.js';
import { MAXIMUM_RECORD_BYTES } from '../../history/stored.js';
import { linesOf } from '../../platform/files/lines.js';
import type { ImportSource } from './source.js';

/** A record in an envelope is escaped, which makes it at most six times as long. */
const LONGEST_LINE = 6 * MAXIMUM_RECORD_BYTES;

/** The other half of `assay export jsonl`. */
export const jsonlSource: ImportSource = {
  read: async function* ({ path, label }) {
    for await (const { number, text } of linesOf(path, LONGEST_LINE)) {
      if (text.trim() === '') continue;
      const stored = fromLine(text);
      if (!('problem' in stored)) yield stored;
      else {
        throw new UserError(`this line is no record: ${stored.problem}`, {
          location: { file: label, line: number },
          mend: 'nothing was imported; a line is written by: assay export jsonl PATH',
        });
      }
    }
  },
};
