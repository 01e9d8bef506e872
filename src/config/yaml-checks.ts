import { type Document, isAlias, isMap, isScalar, isSeq, Lexer, type Pair, type YAMLError } from 'yaml';
import { locationOf, type Problem, quote, type SourceText, type Span } from './problem.js';
import { firstNode, isMerge, spanOf } from './yaml-nodes.js';

/** What YAML says wrongly, or allows and a config cannot mean. */

const MAXIMUM_LENGTH = 1_000_000;
export const MAXIMUM_DEPTH = 60;

export function tooLarge(text: string): Problem | undefined {
  if (text.length <= MAXIMUM_LENGTH) return undefined;
  return {
    start: 0,
    end: 1,
    message: `the file has ${text.length.toLocaleString('en-US')} characters, and at most ${MAXIMUM_LENGTH.toLocaleString('en-US')} are read`,
    mend: 'is this the right file? data belongs into files that it names',
  };
}

/** Tokens of the lexer that are no part of the text: document start, end of a flow, before a scalar. */
const LEXER_MARKS = new Set(['\u0002', '\u0018', '\u001f']);

/** Nesting this deep is never meant, and makes the parser run out of stack or memory: seen before it starts. */
export function tooDeep(text: string): Problem | undefined {
  let offset = 0;
  let flow = 0;
  let inLine = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') flow++;
    if (token === ']' || token === '}') flow--;
    if (token === '-' || token === '?' || token === ':') inLine++;
    if (token === '\n' || token === '\r\n' || flow > 0) inLine = 0;
    if (flow > MAXIMUM_DEPTH || inLine > MAXIMUM_DEPTH) {
      return depthProblem({ start: offset, end: offset + 1 });
    }
    if (!LEXER_MARKS.has(token)) offset += token.length;
  }
  return undefined;
}

function depthProblem(span: Span): Problem {
  return { ...span, message: `nested more than ${MAXIMUM_DEPTH} levels deep` };
}

const SYNTAX: Partial<Record<YAMLError['code'], { readonly message: string; readonly mend?: string }>> = {
  TAB_AS_INDENT: {
    message: 'a tab indents this line, and YAML allows only spaces there',
    mend: 'replace the tab by spaces; most editors can do it for the whole file ("convert indentation to spaces")',
  },
  MULTIPLE_DOCS: {
    message: 'a second document starts here ("---"); one file holds one',
    mend: 'remove this line',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second ":" in one line',
    mend: 'put the text in quotes, or the inner key on a line of its own',
  },
  MULTILINE_IMPLICIT_KEY: {
    message: 'this line and the one after it do not fit together: is a ":" missing?',
  },
  RESOURCE_EXHAUSTION: { message: 'nested too deep to be read' },
};

const OPEN_QUOTE = 'this quote is opened and never closed';

/** At most three, and one a line: further ones mostly follow from the first. */
export function syntaxProblems(document: Document, source: SourceText): readonly Problem[] {
  const byLine = new Map<number, Problem>();
  for (const error of document.errors) {
    const problem = syntaxProblem(document, error, source.text);
    const { line } = locationOf(source, problem.start);
    if (!byLine.has(line)) byLine.set(line, problem);
    // After a quote that never ends, the rest of the file is read as something it is not.
    if (byLine.size === 3 || problem.message === OPEN_QUOTE) break;
  }
  return [...byLine.values()];
}

function syntaxProblem(document: Document, error: YAMLError, text: string): Problem {
  // Something unfinished at the end of the file is reported behind it; the place must be inside the text.
  const start = Math.max(0, Math.min(error.pos[0], text.length - 1));
  const span = { start, end: Math.max(start + 1, error.pos[1]) };
  if (/^Missing closing .quote/.test(error.message)) {
    const opened = firstNode(
      document.contents,
      (node) => isScalar(node) && (node.range?.[1] ?? 0) >= error.pos[0],
    );
    const at = spanOf(opened) ?? span;
    return { start: at.start, end: at.start + 1, message: OPEN_QUOTE };
  }
  if (/^Flow (map|sequence) /.test(error.message)) {
    const bracket = error.message.startsWith('Flow map') ? '{' : '[';
    return { ...span, message: `a "${bracket}" above is not closed before this line` };
  }
  if (/^Unexpected flow-(map|seq)-start/.test(error.message)) {
    return { ...span, message: 'a text that contains { or [ must be in quotes here' };
  }
  const words = SYNTAX[error.code] ?? { message: `this is not valid YAML: ${lowerFirst(error.message)}` };
  return { ...words, ...span };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** What YAML allows and a config cannot mean: keys twice, keys that are lists, tags, numbers that are not finite. */
export function inspect(
  document: Document,
  source: SourceText,
): { readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] } {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  if (document.directives?.yaml.explicit && document.directives.yaml.version !== '1.2') {
    problems.push({ start: 0, end: 5, message: 'only YAML 1.2 is read', mend: 'remove the %YAML line' });
  }
  const visit = (node: unknown, depth: number): void => {
    const span = spanOf(node) ?? { start: 0, end: 1 };
    if (depth > MAXIMUM_DEPTH) {
      problems.push(depthProblem(span));
      return;
    }
    const tag = tagOf(node);
    if (tag) {
      problems.push({ ...span, message: `the tag ${quote(tag)} has no meaning here`, mend: 'remove it' });
    }
    if (isScalar(node)) inspectScalar(node, span, { problems, warnings });
    if (isSeq(node)) for (const item of node.items) visit(item, depth + 1);
    if (isMap(node)) {
      problems.push(...keyProblems(node.items, source));
      for (const pair of node.items) {
        if (isMerge(pair.key)) problems.push(...mergeProblems(document, pair));
        visit(pair.value, depth + 1);
      }
    }
  };
  visit(document.contents, 0);
  return { problems, warnings };
}

const PLAIN_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

function tagOf(node: unknown): string | undefined {
  const tag = isScalar(node) || isMap(node) || isSeq(node) ? node.tag : undefined;
  return tag && !PLAIN_TAG.test(tag) ? tag.replace('tag:yaml.org,2002:', '!!') : undefined;
}

function inspectScalar(
  node: { value: unknown; source?: string },
  span: Span,
  found: { readonly problems: Problem[]; readonly warnings: Problem[] },
): void {
  if (typeof node.value === 'number' && !Number.isFinite(node.value)) {
    found.problems.push({ ...span, message: `${node.source} is not a finite number` });
  }
  if (typeof node.value === 'number' && /^[-+]?0\d/.test(node.source ?? '')) {
    found.warnings.push({
      ...span,
      message: `${node.source} is read as the number ${node.value} (YAML 1.2 has no octal numbers of this form); put it in quotes when the zeros matter`,
    });
  }
}

function mergeProblems(document: Document, { key, value }: Pair): readonly Problem[] {
  const resolved = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
  const source = resolved(value);
  const sources = isSeq(source) ? source.items : [value];
  if (sources.every((node) => isMap(resolved(node)))) return [];
  const span = spanOf(key) ?? { start: 0, end: 1 };
  const lost = sources.find((node) => isAlias(node) && resolved(node) === undefined);
  if (isAlias(lost)) return [{ ...(spanOf(lost) ?? span), message: unknownAnchor(lost.source) }];
  const message = '"<<" takes over the keys of a map, and this is none';
  return [{ ...span, message, mend: 'write <<: *name, where &name stands before a map' }];
}

export function unknownAnchor(name: string): string {
  return `there is no anchor &${name} before this alias`;
}

function keyProblems(pairs: readonly Pair[], source: SourceText): readonly Problem[] {
  const problems: Problem[] = [];
  const first = new Map<string, Span>();
  for (const { key } of pairs) {
    const span = spanOf(key) ?? { start: 0, end: 1 };
    const name = isScalar(key) && key.value !== null ? String(key.value) : undefined;
    if (name === undefined) {
      problems.push({ ...span, message: 'a key must be a plain text' });
    } else if (name === '__proto__') {
      problems.push({ ...span, message: '"__proto__" cannot be used as a key' });
    } else if (!isMerge(key)) {
      const earlier = first.get(name);
      if (earlier) {
        const { line } = locationOf(source, earlier.start);
        problems.push({
          ...span,
          message: `the key ${quote(name)} is here a second time; the first is in line ${line}`,
          mend: 'keep one of them',
        });
      } else first.set(name, span);
    }
  }
  return problems;
}
