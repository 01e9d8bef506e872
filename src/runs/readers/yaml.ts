import { UserError } from '../../errors.js';
import type { SourceFile } from '../ports.js';
import { isDvc, readDvc } from './dvc.js';
import type { JsonValue } from './json-text.js';
import { readNested } from './nested.js';
import type { Reader } from './reader.js';

/** YAML takes longer to read than JSON by far; no metrics file comes near. */
const LARGEST_YAML = 5_000_000;
/** An alias may stand for many others: the "billion laughs". */
const MOST_ALIASES = 100;

/** YAML 1.2, one document. What becomes a metric: see `readNested`, and `readDvc` for the files of DVC. */
export const yaml: Reader = {
  name: 'YAML',
  recognises: (head) =>
    /^(?:%YAML|---|\s*(?:#.*\n\s*)*(?:[^\s:#,={}[\]][^:\n]*|"[^"\n]*"|'[^'\n]*')\s*:(?:\s|$))/.test(head),
  async read(file, options) {
    const value = await parseYaml(file);
    return isDvc(value, file.path) ? readDvc(value, { file, options }) : readNested(value, file.path);
  },
};

/** Throws UserError with the place in the file, also for tags (a Python object) and bombs of aliases. */
export async function parseYaml(file: SourceFile): Promise<JsonValue> {
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
    const value = document.toJS({ maxAliasCount: MOST_ALIASES }) as JsonValue;
    if (isDeep(value)) throw wrong('nested too deeply', undefined);
    return value;
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (error instanceof RangeError) throw wrong('nested too deeply', undefined);
    if (error instanceof ReferenceError) throw wrong(error.message, undefined);
    throw error;
  }
}

const DEEPEST = 200;
/** Also of a value that holds itself, by an alias to an anchor around it. */
export function isDeep(value: JsonValue, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth > DEEPEST || Object.values(value).some((inner) => isDeep(inner, depth + 1));
}
