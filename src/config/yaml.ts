import { type Document, isAlias, isMap, isScalar, isSeq, type Pair, parseDocument, type YAMLMap } from 'yaml';
import type { Location } from '../errors.js';
import { locationOf, type Problem, type SourceText, type Span } from './problem.js';
import { inspect, MAXIMUM_DEPTH, syntaxProblems, tooDeep, tooLarge, unknownAnchor } from './yaml-checks.js';
import { firstNode, isMerge, spanOf } from './yaml-nodes.js';

export type Path = readonly (string | number)[];

/** A YAML file as a plain value (as JSON has them), and where each of its keys and values stands. */
export interface YamlFile extends SourceText {
  /** Undefined when there are problems, null when the file says nothing. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Of the key (or list item) a path ends at; of the nearest one above it when the file does not have it. */
  keySpan(path: Path): Span;
  valueSpan(path: Path): Span;
  locate(path: Path): Location;
}

const MAXIMUM_ALIASES = 100;

/** Reads YAML 1.2 (which includes JSON). Never throws for what the text says: see `problems`. */
export function readYaml(text: string, file: string): YamlFile {
  const source = { file, text };
  const refused = tooLarge(text) ?? tooDeep(text);
  if (refused) return unreadable(source, [refused]);
  const document = parseDocument(text, {
    uniqueKeys: false,
    merge: true,
    prettyErrors: false,
    logLevel: 'error',
  });
  if (document.errors.length > 0) {
    return unreadable(source, syntaxProblems(document, source));
  }
  const { problems, warnings } = inspect(document, source);
  if (problems.length > 0) return unreadable(source, problems);
  const expanded = expand(document);
  if ('problem' in expanded) return unreadable(source, [expanded.problem]);
  const whole = { start: 0, end: Math.max(1, text.indexOf('\n')) };
  const find = placeFinder(document);
  const keySpan = (path: Path): Span => {
    const place = find(path);
    return spanOf(place.key ?? place.value) ?? whole;
  };
  return {
    ...source,
    value: expanded.value,
    problems: [],
    warnings,
    keySpan,
    valueSpan(path) {
      const place = find(path);
      const simple = isScalar(place.value) && place.exact ? spanOf(place.value) : undefined;
      return simple ?? spanOf(place.key ?? place.value) ?? whole;
    },
    locate: (path) => locationOf(source, keySpan(path).start),
  };
}

function unreadable(source: SourceText, problems: readonly Problem[]): YamlFile {
  const start = { start: 0, end: 1 };
  return {
    ...source,
    value: undefined,
    problems,
    warnings: [],
    keySpan: () => start,
    valueSpan: () => start,
    locate: () => ({ file: source.file, line: 1, column: 1 }),
  };
}

/** The value with aliases expanded; refuses what would grow without bound or hold itself. */
function expand(document: Document): { value: unknown } | { problem: Problem } {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAXIMUM_ALIASES });
    if (!deeperThan(value, 2 * MAXIMUM_DEPTH)) return { value };
    const alias = firstAlias(document, undefined) ?? { start: 0, end: 1 };
    return { problem: { ...alias, message: 'an alias (*name) here holds itself, or nests too deep' } };
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    const name = /^Unresolved alias .*: (.+)$/s.exec(error.message)?.[1];
    const alias = firstAlias(document, name) ?? { start: 0, end: 1 };
    const message =
      name === undefined ? 'the aliases (*name) of this file expand to too much' : unknownAnchor(name);
    return { problem: { ...alias, message } };
  }
}

/** Stops at the first branch that is deeper, so a value that holds itself ends too. */
function deeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => deeperThan(inner, levels - 1));
}

function firstAlias(document: Document, name: string | undefined): Span | undefined {
  const isWanted = (node: unknown) => isAlias(node) && (name === undefined || node.source === name);
  return spanOf(firstNode(document.contents, isWanted));
}

interface Place {
  readonly key?: unknown;
  readonly value?: unknown;
  /** False when the file ends above the path. */
  readonly exact: boolean;
}

/** Finds places in a document; the keys of each map it comes by are indexed once. */
function placeFinder(document: Document): (path: Path) => Place {
  const indexes = new Map<YAMLMap, ReadonlyMap<string, Pair>>();
  const indexOf = (map: YAMLMap): ReadonlyMap<string, Pair> => {
    const known = indexes.get(map);
    if (known) return known;
    const index = new Map(
      map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : [])),
    );
    indexes.set(map, index);
    return index;
  };
  const child = (parent: unknown, part: string | number): Place | undefined => {
    const node = isAlias(parent) ? parent.resolve(document) : parent;
    if (isSeq(node)) {
      const item = node.items[Number(part)];
      return item === undefined ? undefined : { value: item, exact: true };
    }
    if (!isMap(node)) return undefined;
    const pair = indexOf(node).get(String(part));
    if (pair) return { key: pair.key, value: pair.value, exact: true };
    for (const merge of node.items.filter(({ key }) => isMerge(key))) {
      for (const map of isSeq(merge.value) ? merge.value.items : [merge.value]) {
        const place = child(map, part);
        if (place) return place;
      }
    }
    return undefined;
  };
  return (path) => {
    let place: Place = { value: document.contents, exact: true };
    for (const part of path) {
      const next = child(place.value, part);
      if (!next) return { ...place, exact: false };
      place = next;
    }
    return place;
  };
}
