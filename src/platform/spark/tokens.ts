/** The SQL that checks and profiles are made of, as a tree: words, texts, numbers, symbols and what stands in brackets. */

export type Node =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'symbol'; readonly text: string }
  | { readonly kind: 'group'; readonly open: '(' | '{' | '['; readonly nodes: readonly Node[] };

const TOKEN =
  /\s+|(?<text>'(?:[^']|'')*')|(?<word>[A-Za-z_]\w*)|(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<symbol>::|<>|<=|>=|\|\||[-+*/=<>.,()[\]{}:])/uy;

const CLOSES = { '(': ')', '{': '}', '[': ']' } as const;

/** Throws for a statement that Assay itself does not write. */
export function parseSql(sql: string): readonly Node[] {
  const tokens: Node[] = [];
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < sql.length; ) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(sql);
    if (!found)
      throw new Error(`cannot read the statement from ${JSON.stringify(sql.slice(at, at + 20))} on`);
    const { text, word, number, symbol } = found.groups ?? {};
    if (text !== undefined) tokens.push({ kind: 'text', value: text.slice(1, -1).replaceAll("''", "'") });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol });
  }
  const [nodes, end] = nested(tokens, 0, undefined);
  if (end !== tokens.length) throw new Error('the statement has a bracket too many');
  return nodes;
}

function nested(tokens: readonly Node[], from: number, close: string | undefined): [Node[], number] {
  const nodes: Node[] = [];
  let at = from;
  while (at < tokens.length) {
    const token = tokens[at] as Node;
    at++;
    if (token.kind !== 'symbol') nodes.push(token);
    else if (token.text === close) return [nodes, at];
    else if (token.text === '(' || token.text === '{' || token.text === '[') {
      const [inner, end] = nested(tokens, at, CLOSES[token.text]);
      nodes.push({ kind: 'group', open: token.text, nodes: inner });
      at = end;
    } else nodes.push(token);
  }
  if (close !== undefined) throw new Error('the statement has an open bracket');
  return [nodes, at];
}

/** Parts between commas that stand in no bracket. */
export function separated(nodes: readonly Node[]): readonly (readonly Node[])[] {
  const parts: Node[][] = [[]];
  for (const node of nodes) {
    if (node.kind === 'symbol' && node.text === ',') parts.push([]);
    else parts[parts.length - 1]?.push(node);
  }
  return parts.length === 1 && parts[0]?.length === 0 ? [] : parts;
}

export function isWord(node: Node | undefined, ...words: readonly string[]): boolean {
  return node?.kind === 'word' && words.includes(node.text.toUpperCase());
}

/** The words in it, at any depth. */
export function wordsIn(nodes: readonly Node[]): readonly string[] {
  return nodes.flatMap((node) =>
    node.kind === 'word' ? [node.text] : node.kind === 'group' ? wordsIn(node.nodes) : [],
  );
}
