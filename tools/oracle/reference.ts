/** Reference values as other tools write them: JSON in which NaN and infinity are strings, or bare words as Python writes them. */

export type Value = number | boolean | string | null | readonly Value[] | { readonly [name: string]: Value };
export type Fields = { readonly [name: string]: Value };

const WORDS: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

/** @throws SyntaxError when it is not JSON */
export function parseReference(text: string): Value {
  const quoted = text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
  return decoded(JSON.parse(quoted) as Value);
}

function decoded(value: Value): Value {
  if (typeof value === 'string') return WORDS[value.toLowerCase()] ?? value;
  if (Array.isArray(value)) return value.map(decoded);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, decoded(part)]));
  }
  return value;
}

export function isFields(value: Value | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws TypeError naming the field */
export function numbers(fields: Fields, name: string): number[] {
  const value = fields[name];
  if (Array.isArray(value) && value.every((one) => typeof one === 'number')) return [...value];
  throw new TypeError(`${name} is not a list of numbers`);
}

/** @throws TypeError naming the field */
export function table(fields: Fields, name: string): number[][] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new TypeError(`${name} is not a list of lists of numbers`);
  return value.map((_, row) => numbers({ [name]: value[row] ?? null }, name));
}

/** @throws TypeError naming the field */
export function number(fields: Fields, name: string, otherwise?: number): number {
  const value = fields[name] ?? otherwise;
  if (typeof value === 'number') return value;
  throw new TypeError(`${name} is not a number`);
}

/** @throws TypeError naming the field and what it may be */
export function oneOf<const Word extends string>(
  fields: Fields,
  name: string,
  words: readonly Word[],
  otherwise: Word,
): Word {
  const value = fields[name] ?? otherwise;
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw new TypeError(`${name} is ${JSON.stringify(value)}, and can be ${words.join(', ')}`);
}

/** @throws TypeError naming the field */
export function flag(fields: Fields, name: string, otherwise: boolean): boolean {
  const value = fields[name] ?? otherwise;
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${name} is neither true nor false`);
}
