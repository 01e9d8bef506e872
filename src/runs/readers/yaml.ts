import { UserError } from '../../errors.js';
import type { JsonValue } from './json-text.js';
import { readNested } from './nested.js';
import type { Reader } from './reader.js';

/** YAML takes longer to read than JSON by far; no metrics file comes near. */
const LARGEST_YAML = 5_000_000;
/** An alias may stand for many others: the "billion laughs". */
const MOST_ALIASES = 100;

/** YAML 1.2, one document. What becomes a metric: see `readNested`. */
export const yaml: Reader = {
  name: 'YAML',
  recognises: (head) =>
    /^(?:%YAML|---|\s*(?:#.*\n\s*)*(?:[^\s:#,={}[\]][^:\n]*|"[^"\n]*"|'[^'\n]*')\s*:(?:\s|$))/.test(head),
  async read(file) {
    const { LineCounter, parseDocument } = await import('yaml');
    const text = await file.text(LARGEST_YAML);
    const lines = new LineCounter();
    const wrong = (message: string, offset: number | undefined, mend?: string): UserError => {
      const place = offset === undefined ? undefined : lines.linePos(offset);
      const location = { file: file.path, ...(place ? { line: place.line, column: place.col } : {}) };
      return new UserError(`not valid YAML: ${message}`, { location, ...(mend ? { mend } : {}) });
    };
    try {
      const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
      const [error] = document.errors;
      if (error) throw wrong(error.message, error.pos[0]);
      const [tag] = document.warnings;
      if (tag) {
        throw wrong(tag.message, tag.pos[0], 'a Python or NumPy object is no number: write float(value)');
      }
      return readNested(document.toJS({ maxAliasCount: MOST_ALIASES }) as JsonValue, file.path);
    } catch (error) {
      if (error instanceof UserError) throw error;
      if (error instanceof RangeError) throw wrong('nested too deeply', undefined);
      if (error instanceof ReferenceError) throw wrong(error.message, undefined);
      throw error;
    }
  },
};
