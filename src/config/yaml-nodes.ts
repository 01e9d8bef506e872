import { isMap, isScalar, isSeq, type Node } from 'yaml';
import type { Span } from './problem.js';

/** What is asked of the nodes of a YAML document in more than one place. */

/** Undefined for what is not in the text, such as the value of a key without one. */
export function spanOf(node: unknown): Span | undefined {
  const range = (node as Node | undefined | null)?.range;
  if (!range) return undefined;
  return { start: range[0], end: Math.max(range[0] + 1, range[1]) };
}

/** The first node, in the order of the file, that `isWanted`; keys are not looked at. */
export function firstNode(node: unknown, isWanted: (node: unknown) => boolean): unknown {
  if (isWanted(node)) return node;
  const children = isSeq(node) ? node.items : isMap(node) ? node.items.map((pair) => pair.value) : [];
  for (const child of children) {
    const found = firstNode(child, isWanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `<<: *name`, which takes over the keys of another map. */
export function isMerge(key: unknown): boolean {
  return isScalar(key) && typeof key.value === 'symbol' && key.value.description === '<<';
}
