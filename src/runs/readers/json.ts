import { UserError } from '../../errors.js';
import { parseJson } from './json-text.js';
import { readNested } from './nested.js';
import { LARGEST_FILE, type Reader } from './reader.js';

/** JSON, also with Python's bare NaN and Infinity. What becomes a metric: see `readNested`. */
export const json: Reader = {
  name: 'JSON',
  recognises: (head) => /^\s*[{[]/.test(head),
  async read(file) {
    const value = parseJson(await file.text(LARGEST_FILE), file.path);
    const reading = readNested(value, file.path);
    if (reading.metrics.some(({ name }) => name === '')) {
      throw new UserError('a list of numbers has no name', {
        location: { file: file.path, line: 1 },
        mend: 'write { "name": [ … ] }',
      });
    }
    return reading;
  },
};
