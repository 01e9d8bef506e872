import type { ParamValue } from '../config/model.js';
import { nearest } from '../config/nearest.js';
import { UserError } from '../errors.js';

/** Parameters of a training: as nested as the config has them, and flat with dotted names for the environment. */
export type Params = Readonly<Record<string, ParamValue>>;

/** Systems limit one variable of the environment to 128 KiB; a longer value is only in the JSON file. */
const LONGEST_VARIABLE = 100_000;

/** `{ optimizer: { lr: 0.1 } }` is `optimizer.lr`; a list is one value. */
export function flatParams(params: Params): ReadonlyMap<string, ParamValue> {
  const flat = new Map<string, ParamValue>();
  const visit = (value: ParamValue, name: string): void => {
    if (!isMap(value)) flat.set(name, value);
    else for (const [inner, entry] of Object.entries(value)) visit(entry, `${name}.${inner}`);
  };
  for (const [name, value] of Object.entries(params)) visit(value, name);
  return flat;
}

/**
 * `ASSAY_PARAM_<NAME>` for each: upper case, a dot becomes `__`, any other character that a shell cannot name `_`. Texts as
 * they are, everything else as JSON. Throws UserError when two names become the same variable.
 */
export function paramVariables(params: Params): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  const names = new Map<string, string>();
  for (const [name, value] of flatParams(params)) {
    const variable = variableName('ASSAY_PARAM_', name);
    const other = names.get(variable);
    if (other !== undefined) {
      throw new UserError(`the params "${other}" and "${name}" would both be ${variable}`, {
        mend: 'rename one of them',
      });
    }
    names.set(variable, name);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (text.length <= LONGEST_VARIABLE && !text.includes('\0')) variables[variable] = text;
  }
  return variables;
}

/** An environment variable's name for a name of the config. */
export function variableName(prefix: string, name: string): string {
  return (
    prefix +
    name
      .toUpperCase()
      .replaceAll('.', '__')
      .replace(/[^A-Z0-9_]/g, '_')
  );
}

/**
 * The params with some set anew by dotted name. Throws UserError for a name that is not there (naming the nearest), unless
 * there are no params at all.
 */
export function overrideParams(params: Params, overrides: ReadonlyMap<string, ParamValue>): Params {
  const known = [...flatParams(params).keys()];
  let result = params;
  for (const [name, value] of overrides) {
    if (known.length > 0 && !known.includes(name) && !Object.hasOwn(params, name)) {
      const near = nearest(name, known);
      throw new UserError(`there is no param "${name}"`, {
        mend: near ? `did you mean ${near}?` : `params there are: ${known.join(', ')}`,
      });
    }
    result = withParam(result, Object.hasOwn(params, name) ? [name] : name.split('.'), value);
  }
  return result;
}

function withParam(params: Params, path: readonly string[], value: ParamValue): Params {
  const [name = '', ...rest] = path;
  if (rest.length === 0) return { ...params, [name]: value };
  const inner = params[name];
  return { ...params, [name]: withParam(inner !== undefined && isMap(inner) ? inner : {}, rest, value) };
}

function isMap(value: ParamValue): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
