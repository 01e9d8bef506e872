import { z } from 'zod';
import { nearest } from './nearest.js';
import { quote } from './problem.js';
import { alternatives, choicesOf, descriptionOf, keysOf, schemasAt, unionOptions } from './shape.js';
import type { Path } from './yaml.js';

/** What is wrong at a path of the config, in plain words. */
export interface Finding {
  readonly path: Path;
  /** Whether the key itself is wrong or what it holds. */
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly mend?: string;
}

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

interface Context {
  readonly schema: Schema;
  readonly value: unknown;
}

/** Parses `value`; every issue of zod comes back as one or more findings that say what to do. */
export function parseWith<S extends z.ZodType>(
  schema: S,
  value: unknown,
): { readonly value: z.output<S> } | { readonly findings: readonly Finding[] } {
  const result = schema.safeParse(value, { error: plainWords });
  if (result.success) return { value: result.data };
  const context = { schema, value };
  const findings = result.error.issues.flatMap((issue) => findingsOf(issue, [], context));
  return { findings: withoutEchoes(findings) };
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map (name: value)',
  record: 'a map (name: value)',
};

/** zod's issue as a sentence; used where the schema has no message of its own. */
function plainWords(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${EXPECTED[issue.expected] ?? issue.expected}, not ${describe(issue.input)}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `expected ${String(issue.values[0])}, not ${describe(issue.input)}`
        : `expected one of ${issue.values.map(String).join(', ')}, not ${describe(issue.input)}`;
    case 'too_small':
      return bound(issue, { minimum: issue.minimum });
    case 'too_big':
      return bound(issue, { maximum: issue.maximum });
    case 'invalid_union':
      return `${describe(issue.input)} is none of the forms that are understood here`;
    default:
      return `${describe(issue.input)} is not understood here`;
  }
}

function bound(
  issue: { readonly origin?: unknown; readonly inclusive?: boolean; readonly input?: unknown },
  limit: { readonly minimum?: number | bigint; readonly maximum?: number | bigint },
): string {
  const isList = issue.origin === 'array' || issue.origin === 'set';
  const least = limit.minimum;
  if (least !== undefined && Number(least) === 1 && isList) return 'the list must not be empty';
  if (least !== undefined && Number(least) === 1 && issue.origin === 'string')
    return 'the text must not be empty';
  const what = isList ? 'items' : issue.origin === 'string' ? 'characters' : '';
  const side =
    least !== undefined
      ? `${issue.inclusive === false ? 'more than' : 'at least'} ${least}`
      : `${issue.inclusive === false ? 'less than' : 'at most'} ${limit.maximum}`;
  return `expected ${side}${what && ` ${what}`}, not ${describe(issue.input)}`;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return `the text ${quote(value)}`;
  return String(value);
}

function findingsOf(issue: Issue, base: Path, context: Context): readonly Finding[] {
  const path: Path = [...base, ...(issue.path as (string | number)[])];
  const given = valueAt(context.value, path);
  if (issue.code === 'unrecognized_keys') {
    const known = schemasAt(context.schema, path).flatMap((schema) => keysOf(schema) ?? []);
    const free = freeKeys(known, given);
    return issue.keys.map((key) => unknownKey(key, path, free));
  }
  if (issue.code === 'invalid_key') {
    const name = String(path.at(-1));
    const message = `${quote(name)} cannot be a name here: ${issue.issues[0]?.message ?? ''}`;
    const better = name
      .toLowerCase()
      .replace(/[^a-z0-9_-]+/g, '-')
      .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
      .slice(0, 64);
    return [{ path, at: 'key', message, ...(better ? { mend: `write "${better}"` } : {}) }];
  }
  if (given === undefined && path.length > 0) return [missingKey(path, context)];
  if (given === null) return [nothingGiven(path, issue, context)];
  if (issue.code === 'invalid_union') return unionFindings(issue, path, context);
  return [valueFinding(path, issue.message, context)];
}

/** @param free the keys that could still stand there */
function unknownKey(key: string, path: Path, free: readonly string[]): Finding {
  const near = nearest(key, free);
  const mend = near
    ? `did you mean "${near}"?`
    : free.length > 0
      ? `known here: ${free.join(', ')}`
      : 'no further key is known here';
  return { path: [...path, key], at: 'key', message: `unknown key ${quote(key)}`, mend };
}

function freeKeys(known: readonly string[], given: unknown): readonly string[] {
  return [...new Set(known)].filter((name) => !isMap(given) || !Object.hasOwn(given, name));
}

function missingKey(path: Path, context: Context): Finding {
  const key = String(path.at(-1));
  const meaning = schemasAt(context.schema, path).map(descriptionOf).find(Boolean);
  return {
    path: path.slice(0, -1),
    at: 'key',
    message: `${quote(key)} is missing here`,
    mend: meaning ? `add ${key}: (${meaning})` : `add ${key}: …`,
  };
}

function nothingGiven(path: Path, issue: Issue, context: Context): Finding {
  const known = [...new Set(schemasAt(context.schema, path).flatMap((schema) => keysOf(schema) ?? []))];
  const mend = known.length > 0 ? `known here: ${known.join(', ')}` : undefined;
  const where = path.length === 0 ? 'the file' : quote(String(path.at(-1)));
  const message = `${where} has no value; ${issue.message.replace(/, not nothing$/, '')}`;
  return { path, at: 'key', message, ...(mend ? { mend } : {}) };
}

function valueFinding(path: Path, message: string, context: Context): Finding {
  const given = valueAt(context.value, path);
  const schemas = schemasAt(context.schema, path).flatMap(alternatives);
  const choices = schemas.flatMap(choicesOf);
  const near = typeof given === 'string' ? nearest(given, choices) : undefined;
  const mend = near ? `did you mean ${near}?` : otherSpelling(given, schemas);
  return { path, at: 'value', message, ...(mend ? { mend } : {}) };
}

/** Quotes too many or too few, and the words for true and false that only YAML 1.1 knew. */
function otherSpelling(given: unknown, schemas: readonly Schema[]): string | undefined {
  const takes = (kind: typeof z.ZodBoolean | typeof z.ZodNumber | typeof z.ZodString | typeof z.ZodArray) =>
    schemas.some((schema) => schema instanceof kind);
  if (typeof given === 'string' && takes(z.ZodBoolean)) {
    if (/^(true|false)$/i.test(given)) return `write ${given.toLowerCase()} without quotes`;
    if (/^(yes|on)$/i.test(given)) return `write true; ${given} is a text in YAML 1.2`;
    if (/^(no|off)$/i.test(given)) return `write false; ${given} is a text in YAML 1.2`;
  }
  const isNumber = typeof given === 'string' && given.trim() !== '' && Number.isFinite(Number(given));
  if (isNumber && takes(z.ZodNumber) && !takes(z.ZodString)) return `write ${given} without quotes`;
  const isPlain = typeof given === 'number' || typeof given === 'boolean';
  if (isPlain && takes(z.ZodString) && !takes(z.ZodNumber)) return `write it in quotes: '${given}'`;
  if (typeof given === 'string' && takes(z.ZodArray)) return `write [${quote(given).slice(1, -1)}]`;
  return undefined;
}

/** A union's issue is explained by the one form that was meant, chosen by its keys. */
function unionFindings(
  issue: z.core.$ZodIssueInvalidUnion,
  path: Path,
  context: Context,
): readonly Finding[] {
  const given = valueAt(context.value, path);
  const options = schemasAt(context.schema, path).flatMap(unionOptions);
  const branches = issue.errors.map((issues, index) => ({ issues, option: options[index] }));
  if (!isMap(given)) {
    const nested = branches.filter(({ issues }) => issues.every((inner) => inner.path.length > 0));
    const [only] = nested;
    if (nested.length === 1 && only) return only.issues.flatMap((inner) => findingsOf(inner, path, context));
    return [valueFinding(path, issue.message, context)];
  }
  const maps = branches.flatMap(({ issues, option }) => {
    const keys = option ? keysOf(option) : undefined;
    return keys && keys.length > 0 ? [{ issues, keys }] : [];
  });
  const known = [...new Set(maps.flatMap(({ keys }) => keys))];
  const strangers = Object.keys(given).filter((key) => !known.includes(key));
  const [meant] = maps
    .map((branch) => ({
      ...branch,
      fit: Object.keys(given).filter((key) => branch.keys.includes(key)).length,
    }))
    .sort((a, b) => b.fit - a.fit || rootIssues(a.issues) - rootIssues(b.issues));
  if (!meant || (meant.fit === 0 && strangers.length === 0)) {
    return [{ path, at: 'key', message: issue.message }];
  }
  const free = freeKeys(known, given);
  if (meant.fit === 0) {
    return strangers.map((key) => {
      const finding = unknownKey(key, path, free);
      return finding.mend?.startsWith('did you mean') ? finding : { ...finding, mend: issue.message };
    });
  }
  const inner = meant.issues.flatMap((one) => {
    if (one.code !== 'unrecognized_keys' || one.path.length > 0) return findingsOf(one, path, context);
    const beside = Object.keys(given).filter((key) => meant.keys.includes(key));
    return one.keys
      .filter((key) => known.includes(key))
      .map((key): Finding => {
        const message = `${quote(key)} cannot stand beside ${quote(beside[0] ?? '')}`;
        const mend = typeof path.at(-1) === 'number' ? 'make it an entry of its own' : 'remove one of them';
        return { path: [...path, key], at: 'key', message, mend };
      });
  });
  return [...strangers.map((key) => unknownKey(key, path, free)), ...inner];
}

function rootIssues(issues: readonly Issue[]): number {
  return issues.filter((issue) => issue.path.length <= 1).length;
}

/** A misspelled key also leaves the right one missing, and its map incomplete; only the first is worth saying. */
function withoutEchoes(findings: readonly Finding[]): readonly Finding[] {
  const misspelled = findings.filter(({ mend }) => mend?.startsWith('did you mean "'));
  return findings.filter((finding) => {
    const missing = /^(".+") is missing here$/.exec(finding.message)?.[1];
    return !misspelled.some(
      (other) =>
        samePath(other.path.slice(0, -1), finding.path) &&
        (missing === undefined || other.mend === `did you mean ${missing}?`),
    );
  });
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((part, index) => String(part) === String(b[index]));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the file has at a path; undefined when it has nothing. Own keys only. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Readonly<Record<string | number, unknown>>)[part];
  }
  return current;
}
