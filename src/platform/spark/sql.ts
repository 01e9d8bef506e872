import type { TableColumn } from '../../data/table.js';
import { nativeFamily } from '../../data/values.js';
import { castTo, doubleText } from './casts.js';
import { FUNCTIONS } from './functions.js';
import { refused } from './refused.js';
import { isWord, type Node, parseSql, separated, wordsIn } from './tokens.js';

/**
 * The SQL of checks and profiles, which DuckDB runs as it stands, for Spark. It is a small language that only Assay writes, and
 * each of its words is known here: a function, type or form that is not in these lists has no meaning that is sure to be
 * the same in Spark, and is refused. Nothing is passed on unread.
 */
export function sparkSql(sql: string, columns: ReadonlyMap<string, TableColumn>): string {
  const nodes = parseSql(sql);
  return new Renderer(columns, nodes).render(nodes);
}

/** Keywords that a bracket may follow. */
const BEFORE_BRACKET = new Set(
  'IN AND OR NOT WHERE FROM THEN ELSE WHEN AS EXISTS OVER FILTER BY SELECT JOIN ON CASE ALL HAVING'.split(
    ' ',
  ),
);

export class Renderer {
  readonly #uses = new Map<string, number>();
  /** Aliases of numbers as text, which engines spell differently. */
  readonly #spelled = new Set<string>();

  readonly columns: ReadonlyMap<string, TableColumn>;
  #depth = 0;

  constructor(columns: ReadonlyMap<string, TableColumn>, statement: readonly Node[]) {
    this.columns = columns;
    for (const word of wordsIn(statement)) this.#uses.set(word, (this.#uses.get(word) ?? 0) + 1);
    this.#findSpelled(statement);
  }

  render(nodes: readonly Node[]): string {
    const out: string[] = [];
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at] as Node;
      const next = nodes[at + 1];
      // Spark decides itself what it computes once.
      if (isWord(node, 'MATERIALIZED')) continue;
      if (isWord(node, 'SELECT')) {
        // Columns that nobody asks for are left out here: an engine may compute, and fail at, what it does not need.
        const end = nodes.findIndex((other, i) => i > at && isWord(other, 'FROM'));
        out.push('SELECT', this.#selected(nodes.slice(at + 1, end < 0 ? nodes.length : end)));
        at = (end < 0 ? nodes.length : end) - 1;
      } else if (
        node.kind === 'word' &&
        next?.kind === 'group' &&
        next.open === '(' &&
        !this.#opens(node.text)
      ) {
        out.push(this.#call(node.text, next.nodes));
        at++;
      } else if (node.kind === 'symbol' && node.text === '::') {
        const value = out.pop() ?? '';
        const { type, length } = typeAt(nodes, at + 1);
        out.push(castTo(this, { value, nodes: nodes.slice(at - 1, at), type, attempt: false }));
        at += length;
      } else if (isWord(node, 'LIKE') && next?.kind === 'text') {
        // In Spark a backslash escapes within the pattern; here it is a character.
        out.push('LIKE', textLiteral(next.value.replaceAll('\\', '\\\\')));
        at++;
      } else if (node.kind === 'word' && this.#spelled.has(node.text) && isCompared(nodes, at)) {
        throw this.spelledDifferently(node.text);
      } else out.push(this.#plain(node));
    }
    return out.join(' ');
  }

  #opens(word: string): boolean {
    return BEFORE_BRACKET.has(word.toUpperCase());
  }

  #plain(node: Node): string {
    switch (node.kind) {
      case 'word':
        return node.text;
      case 'text':
        return textLiteral(node.value);
      case 'number':
        return node.text;
      case 'symbol':
        if (node.text === ':' || node.text === '[') throw refused('this form is not known');
        return node.text;
      case 'group':
        if (node.open !== '(') throw refused('this form is not known');
        return `(${this.#inside(node.nodes)})`;
    }
  }

  #inside(nodes: readonly Node[]): string {
    this.#depth++;
    try {
      return this.render(nodes);
    } finally {
      this.#depth--;
    }
  }

  #selected(nodes: readonly Node[]): string {
    const [first] = nodes;
    const distinct = isWord(first, 'DISTINCT') ? 'DISTINCT ' : '';
    const items = separated(distinct ? nodes.slice(1) : nodes);
    const needed = items.filter((item) => {
      const alias = item.at(-1);
      const named = alias?.kind === 'word' && isWord(item.at(-2), 'AS');
      // The forms of a column's value inside of a statement; what its outermost SELECT names is asked for.
      return (
        !named ||
        this.#depth === 0 ||
        !/^(?:[ps]\d+|t\d+_\w+)$/.test(alias.text) ||
        (this.#uses.get(alias.text) ?? 0) > 1
      );
    });
    const rendered = needed.map((item) => this.render(item));
    return `${distinct}${rendered.length > 0 ? rendered.join(', ') : '1 AS one'}`;
  }

  #call(name: string, nodes: readonly Node[]): string {
    const upper = name.toUpperCase();
    if (upper === 'CAST' || upper === 'TRY_CAST') {
      const as = nodes.findLastIndex((node) => isWord(node, 'AS'));
      const { type } = typeAt(nodes, as + 1);
      const inner = nodes.slice(0, as);
      return castTo(this, { value: this.render(inner), nodes: inner, type, attempt: upper === 'TRY_CAST' });
    }
    const render = Object.hasOwn(FUNCTIONS, name.toLowerCase()) ? FUNCTIONS[name.toLowerCase()] : undefined;
    if (!render) throw refused(`"${name}" is not sure to be computed as here`);
    return render({ args: separated(nodes), renderer: this });
  }

  /** The column that is all there is in it; undefined when it is anything else. */
  columnIn(nodes: readonly Node[]): TableColumn | undefined {
    const [only, ...more] = nodes;
    return only?.kind === 'word' && more.length === 0 ? this.columns.get(only.text) : undefined;
  }

  /** Throws when it looks into the letters of a number that the file keeps as one. */
  refuseSpelled(nodes: readonly Node[]): void {
    const found = wordsIn(nodes).find((word) => this.#spelled.has(word));
    if (found !== undefined) throw this.spelledDifferently(found);
  }

  spelledDifferently(alias: string): Error {
    const column = this.columns.get(`c${alias.replace(/^\D+/, '')}`);
    return refused(
      `${JSON.stringify(column?.name ?? alias)} cannot be compared as text: it is stored as a floating-point number, which is spelled differently there`,
      'compare it as a number (type: number), or let this dataset be read here: executor: local',
    );
  }

  #findSpelled(nodes: readonly Node[]): void {
    nodes.forEach((node, at) => {
      if (node.kind !== 'group') return;
      this.#findSpelled(node.nodes);
      // CAST(c3 AS VARCHAR) AS s3
      const alias = nodes[at + 2];
      if (!isWord(nodes[at - 1], 'CAST') || !isWord(nodes[at + 1], 'AS') || alias?.kind !== 'word') return;
      const column = this.columnIn(node.nodes.slice(0, 1));
      if (node.nodes.length === 3 && isWord(node.nodes[2], 'VARCHAR') && doubleText(column)) {
        this.#spelled.add(alias.text);
      }
    });
  }
}

const COMPARISONS = new Set(['=', '<>', '<', '>', '<=', '>=', '||']);

function isCompared(nodes: readonly Node[], at: number): boolean {
  // `v.s3`: what stands before the table.
  const qualified = nodes[at - 1]?.kind === 'symbol' && (nodes[at - 1] as { text: string }).text === '.';
  const [before, after] = [nodes[qualified ? at - 3 : at - 1], nodes[at + 1]];
  const compares = (node: Node | undefined) => node?.kind === 'symbol' && COMPARISONS.has(node.text);
  return compares(before) || compares(after) || isWord(after, 'IN', 'LIKE', 'NOT', 'BETWEEN');
}

/** `DOUBLE`, `DECIMAL(38, 0)`. */
function typeAt(nodes: readonly Node[], at: number): { readonly type: string; readonly length: number } {
  const [name, size] = [nodes[at], nodes[at + 1]];
  if (name?.kind !== 'word') throw refused('a type is not known');
  if (name.text.toUpperCase() !== 'DECIMAL' || size?.kind !== 'group')
    return { type: name.text.toUpperCase(), length: 1 };
  const parts = size.nodes.map((node) => (node.kind === 'number' || node.kind === 'symbol' ? node.text : ''));
  return { type: `DECIMAL(${parts.join('')})`, length: 2 };
}

/** Text as Spark reads it: what is no plain letter by its code units, so that no setting of its parser matters. */
export function textLiteral(text: string): string {
  const escaped = text.replace(
    /[^A-Za-z0-9 _.,:;@%/()+*=<>!?-]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `'${escaped}'`;
}

/** What kind of values a column holds that the file itself types. */
export function familyOf(column: TableColumn | undefined): ReturnType<typeof nativeFamily> | undefined {
  return column?.storage.kind === 'native' ? nativeFamily(column.storage.type) : undefined;
}
