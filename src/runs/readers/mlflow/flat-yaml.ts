import { UserError } from '../../../errors.js';
import { isMap } from '../json/value.js';

const PLAIN = /^([A-Za-z_][\w.]*): ?(?:'((?:[^']|'')*)'|([^\s'"[\]{}&*!|>%@`#][^#]*?|))\s*$/;

/**
 * The texts of a flat YAML map, as MLflow writes meta.yaml; null is absent. Of a thousand runs the library of YAML would take
 * most of the time, so lines that can mean one thing only are read as they are, and any other file goes to the library.
 */
export async function flatYaml(text: string, file: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const match = PLAIN.exec(line);
    if (!match && !/^[A-Za-z_][\w.]*: (?:\[\]|\{\})$/.test(line)) return parsed(text, file);
    if (!match) continue;
    const [, name = '', quoted, plain] = match;
    if (quoted !== undefined) found.set(name, quoted.replaceAll("''", "'"));
    else if (plain !== undefined && plain !== '' && plain !== 'null' && plain !== '~') found.set(name, plain);
  }
  return found;
}

async function parsed(text: string, file: string): Promise<ReadonlyMap<string, string>> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
  const [error] = document.errors;
  if (error) throw new UserError(`not valid YAML: ${error.message.split('\n')[0]}`, { location: { file } });
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 10 });
  } catch (cause) {
    throw new UserError('not valid YAML: nested too deeply', { location: { file }, cause });
  }
  if (!isMap(value as never)) return new Map();
  return new Map(
    Object.entries(value as Record<string, unknown>).flatMap(([name, entry]): [string, string][] =>
      typeof entry === 'string' || typeof entry === 'number' || typeof entry === 'boolean'
        ? [[name, String(entry)]]
        : [],
    ),
  );
}
