import { type ParamValue, paramValue } from '../../config/model.js';
import type { SourceFile } from '../ports.js';
import { isMap, paramOf } from './json/value.js';
import type { JsonValue } from './json-text.js';
import { isDeep } from './yaml.js';

/** Params are few; a larger file is something else. */
const LARGEST_PARAMS = 1_000_000;
const MOST_ALIASES = 100;

export interface ReadParams {
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly notes: readonly string[];
}

/**
 * The params of a YAML file that a tool wrote beside its metrics (`hparams.yaml`, `config.yaml`, `params.yaml`). Tags such as
 * `!!python/object` stand for nothing here: their content is read as it is written. A file that cannot be read costs the
 * params, not the metrics, and the notes say so.
 */
export async function readParamsYaml(file: SourceFile): Promise<ReadParams> {
  const left = (why: string): ReadParams => ({
    params: {},
    notes: [`params of ${file.path} left aside: ${why}`],
  });
  if (file.bytes > LARGEST_PARAMS) return left('the file is too large');
  const { parseDocument } = await import('yaml');
  try {
    const document = parseDocument(await file.text(LARGEST_PARAMS), {
      prettyErrors: false,
      logLevel: 'silent',
    });
    if (document.errors.length > 0) return left(`not valid YAML: ${document.errors[0]?.message}`);
    const value = document.toJS({ maxAliasCount: MOST_ALIASES }) as JsonValue;
    if (value === null) return { params: {}, notes: [] };
    if (isDeep(value)) return left('nested too deeply');
    const parsed = isMap(value) ? paramValue.safeParse(paramOf(value)) : undefined;
    if (!parsed?.success) return left('it is no map of names and values');
    return { params: parsed.data as Record<string, ParamValue>, notes: [] };
  } catch (error) {
    return left(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
}
