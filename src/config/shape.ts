import { z } from 'zod';
import type { Path } from './yaml.js';

/**
 * Looks at zod schemas as data: which keys a map may have, what a key means. One place, so that messages, docs and the
 * JSON Schema never disagree with what is parsed.
 */

type Schema = z.core.$ZodType;

/** The alternatives of a schema without optional, default, transform and lazy around them. */
export function alternatives(schema: Schema): readonly Schema[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodLazy
  ) {
    return alternatives(schema.unwrap());
  }
  if (schema instanceof z.ZodPipe) return alternatives(schema.in);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => alternatives(option));
  return [schema];
}

/** The options of the union at the end, in its own order; the schema alone when it is none. */
export function unionOptions(schema: Schema): readonly Schema[] {
  let inner = schema;
  while (true) {
    if (inner instanceof z.ZodUnion) return inner.options;
    if (inner instanceof z.ZodPipe) inner = inner.in;
    else if (
      inner instanceof z.ZodOptional ||
      inner instanceof z.ZodDefault ||
      inner instanceof z.ZodPrefault ||
      inner instanceof z.ZodNullable ||
      inner instanceof z.ZodLazy
    ) {
      inner = inner.unwrap();
    } else return [inner];
  }
}

/** The schemas that may stand at `path`, unions followed into each alternative. */
export function schemasAt(schema: Schema, path: Path): readonly Schema[] {
  let current: readonly Schema[] = [schema];
  for (const part of path) {
    current = current.flatMap((outer) =>
      alternatives(outer).flatMap((inner): readonly Schema[] => {
        if (inner instanceof z.ZodObject) {
          const value = Object.hasOwn(inner.shape, part) ? inner.shape[part] : undefined;
          return value ? [value] : [];
        }
        if (inner instanceof z.ZodRecord) return [inner.valueType];
        if (inner instanceof z.ZodArray) return [inner.element];
        return [];
      }),
    );
  }
  return current;
}

/** The keys a map of this schema may have; undefined when any key is allowed. */
export function keysOf(schema: Schema): readonly string[] | undefined {
  const keys: string[] = [];
  for (const inner of alternatives(schema)) {
    if (inner instanceof z.ZodRecord) return undefined;
    if (inner instanceof z.ZodObject) keys.push(...Object.keys(inner.shape));
  }
  return [...new Set(keys)];
}

/** The texts an enum or literal allows. */
export function choicesOf(schema: Schema): readonly string[] {
  return alternatives(schema).flatMap((inner) => {
    if (inner instanceof z.ZodEnum) return inner.options.map(String);
    if (inner instanceof z.ZodLiteral) return [...inner.values].map(String);
    return [];
  });
}

/** What `.describe()` says of the schema, also when it is wrapped after. */
export function descriptionOf(schema: Schema): string | undefined {
  const own = schema instanceof z.ZodType ? schema.description : undefined;
  if (own !== undefined) return own;
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable
  ) {
    return descriptionOf(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? descriptionOf(schema.in) : undefined;
}
