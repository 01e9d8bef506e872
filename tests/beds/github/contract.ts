import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

/** GitHub's published description of the operations the bed answers; extracted by contract/extract.mjs. */

type Schema = Readonly<Record<string, unknown>>;
interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: Schema;
}
export interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly pattern: RegExp;
  readonly parameters: readonly Parameter[];
  readonly body?: Schema;
  readonly answers: Readonly<Record<string, Schema | null>>;
}

const REST = JSON.parse(readFileSync(new URL('contract/rest.json', import.meta.url), 'utf8')) as {
  readonly operations: Readonly<Record<string, Omit<Operation, 'name' | 'method' | 'path' | 'pattern'>>>;
  readonly components: Readonly<Record<string, Schema>>;
};

export const OPERATIONS: readonly Operation[] = Object.entries(REST.operations)
  .map(([name, operation]) => {
    const [method = '', path = ''] = name.split(' ');
    const pattern = path.replace(/[.]/g, '\\.').replace(/\{(\w+)\}/g, (_, key: string) =>
      // Names of branches and tags may hold slashes, which clients send encoded or not.
      key === 'branch' || key === 'basehead' || key === 'tag' ? `(?<${key}>.+)` : `(?<${key}>[^/]+)`,
    );
    return { ...operation, name, method, path, pattern: new RegExp(`^${pattern}$`) };
  })
  // `/issues/comments/{id}` before `/issues/{number}/comments`: the more literal path first.
  .sort((a, b) => (a.path.match(/\{/g)?.length ?? 0) - (b.path.match(/\{/g)?.length ?? 0));

const ajv = new Ajv({ strict: false, allErrors: false });
formats.default(ajv);
ajv.addSchema({ $id: 'rest', components: withNull(REST.components) });
const compiled = new Map<Schema, ValidateFunction>();

/** OpenAPI 3.0 says `nullable` also of what has no type of its own (allOf, $ref); JSON Schema wants null as a choice. */
function withNull<T>(node: T): T {
  if (Array.isArray(node)) return node.map((one: unknown) => withNull(one)) as T;
  if (typeof node !== 'object' || node === null) return node;
  const inner = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withNull(value)]));
  if (inner.nullable !== true || 'type' in inner) return inner as T;
  const { nullable: _, ...rest } = inner;
  return { anyOf: [rest, { type: 'null' }] } as T;
}

/** What is wrong with a value by a schema of the contract; undefined when nothing. */
export function violation(schema: Schema, value: unknown): string | undefined {
  let validate = compiled.get(schema);
  if (!validate) {
    validate = ajv.compile(
      withNull(
        JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"rest#/components/')) as Schema,
      ),
    );
    compiled.set(schema, validate);
  }
  if (validate(value)) return undefined;
  const [error] = validate.errors ?? [];
  return `${error?.instancePath || 'the whole'} ${error?.message}`;
}

/** What the client sent that is not documented: unknown parameters, missing ones, fields the body does not have. */
export function requestViolation(
  operation: Operation,
  request: { readonly query: URLSearchParams; readonly body: unknown },
): string | undefined {
  for (const [name, text] of request.query) {
    const parameter = operation.parameters.find((one) => one.in === 'query' && one.name === name);
    if (!parameter) return `the query parameter "${name}" is not documented`;
    const value = parameter.schema.type === 'integer' ? Number(text) : text;
    const wrong = violation(parameter.schema, value);
    if (wrong) return `the query parameter "${name}" ${wrong}`;
  }
  const missing = operation.parameters.find(
    (one) => one.in === 'query' && one.required && !request.query.has(one.name),
  );
  if (missing) return `the query parameter "${missing.name}" is missing`;
  if (!operation.body) return request.body === undefined ? undefined : 'a body is not documented';
  const known = (operation.body as { readonly properties?: Schema }).properties;
  const unknown = Object.keys((request.body ?? {}) as object).find((key) => known && !(key in known));
  return unknown === undefined ? undefined : `the field "${unknown}" is not documented`;
}

/** The value with every required field it lacks, each as plain as the schema allows. */
export function complete(schema: Schema, value: unknown, seen = 0): unknown {
  const actual = resolve(schema);
  if (value === undefined) return plainest(actual, seen);
  if (Array.isArray(value)) {
    const items = actual.items as Schema | undefined;
    return items ? value.map((one) => complete(items, one, seen)) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const properties = (actual.properties ?? {}) as Readonly<Record<string, Schema>>;
  const required = (actual.required ?? []) as readonly string[];
  const whole: Record<string, unknown> = { ...(value as object) };
  for (const [key, property] of Object.entries(properties)) {
    if (key in whole) whole[key] = complete(property, whole[key], seen + 1);
    else if (required.includes(key)) whole[key] = complete(property, undefined, seen + 1);
  }
  return whole;
}

function resolve(schema: Schema): Schema {
  if (typeof schema.$ref === 'string')
    return resolve(REST.components[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  const [part] = (schema.allOf ?? schema.oneOf ?? schema.anyOf ?? []) as readonly Schema[];
  return part && !schema.type ? { ...resolve(part), ...(schema.nullable ? { nullable: true } : {}) } : schema;
}

function plainest(schema: Schema, seen: number): unknown {
  if (schema.nullable) return null;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  switch (schema.type) {
    case 'string':
      if (schema.format === 'uri') return 'https://github.test/x';
      if (schema.format === 'date-time') return '2026-01-01T00:00:00Z';
      return 'x'.repeat(Number(schema.minLength ?? 1));
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return false;
    case 'array':
      return [];
    default:
      return seen > 12 ? {} : complete(schema, {}, seen + 1);
  }
}
