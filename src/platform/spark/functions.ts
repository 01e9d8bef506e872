import { kindOf } from './casts.js';
import { javaPattern } from './pattern.js';
import { refused } from './refused.js';
import { familyOf, type Renderer, textLiteral } from './sql.js';
import { isWord, type Node, separated } from './tokens.js';

/** The functions that checks and profiles use, each as Spark computes the same. Others are refused. */

interface Call {
  readonly args: readonly (readonly Node[])[];
  readonly renderer: Renderer;
}
type Render = (call: Call) => string;

export const FUNCTIONS: Readonly<Record<string, Render>> = {
  count: same('count'),
  sum: same('sum'),
  max: same('max'),
  min: ({ args, renderer }) => {
    const [value = [], most] = args;
    return most ? firstOf(value, most, renderer) : `min(${renderer.render(value)})`;
  },
  abs: same('abs'),
  coalesce: same('coalesce'),
  lag: same('lag'),
  row_number: same('row_number'),
  approx_count_distinct: same('approx_count_distinct'),
  row: same('struct'),
  // Of both engines: in code points.
  length: text('length'),
  lower: text('lower'),
  replace: text('replace'),
  starts_with: text('startswith'),
  suffix: text('endswith'),
  regexp_matches: (call) => `(${value(call)} RLIKE ${textLiteral(javaPattern(pattern(call)))})`,
  regexp_full_match: (call) =>
    `(${value(call)} RLIKE ${textLiteral(`\\A(?:${javaPattern(pattern(call))})\\z`)})`,
  regexp_replace: (call) => {
    const [, , replacement, flags] = call.args;
    if (only(replacement) !== '' || only(flags) !== 'g')
      throw refused('this form of regexp_replace is not known');
    return `regexp_replace(${value(call)}, ${textLiteral(javaPattern(pattern(call)))}, '')`;
  },
  isfinite: ({ args, renderer }) => {
    const [nodes = []] = args;
    const inner = renderer.render(nodes);
    switch (kindOf(renderer, nodes)) {
      case 'number':
        // NaN is greater than infinity, for Spark.
        return `(abs(${inner}) < double('Infinity'))`;
      case 'time':
        // Spark has no infinite times.
        return `(${inner} IS NOT NULL)`;
      case undefined:
        return `(CAST(${inner} AS STRING) NOT IN ('NaN', 'Infinity', '-Infinity'))`;
    }
  },
  trunc: ({ args, renderer }) => {
    const [nodes = []] = args;
    const x = renderer.render(nodes);
    const column = renderer.columnIn(nodes);
    if (
      familyOf(column) === 'number' &&
      column?.storage.kind === 'native' &&
      column.storage.type.startsWith('DECIMAL')
    ) {
      return `(CASE WHEN ${x} < 0 THEN ceil(${x}) ELSE floor(${x}) END)`;
    }
    // From 2^53 on every double is whole.
    return `(CASE WHEN abs(${x}) < 9007199254740992D THEN CAST(CAST(${x} AS BIGINT) AS DOUBLE) ELSE ${x} END)`;
  },
  epoch_ms: ({ args, renderer }) => `unix_millis(CAST(${renderer.render(args[0] ?? [])} AS TIMESTAMP))`,
  epoch_us: ({ args, renderer }) => `unix_micros(CAST(${renderer.render(args[0] ?? [])} AS TIMESTAMP))`,
  date_trunc: ({ args, renderer }) => {
    if (only(args[0]) !== 'day') throw refused('this form of date_trunc is not known');
    return `date_trunc('DAY', ${renderer.render(args[1] ?? [])})`;
  },
  // Both interpolate between ranks (type 7).
  quantile_cont: ({ args, renderer }) =>
    `percentile(${renderer.render(args[0] ?? [])}, ${renderer.render(args[1] ?? [])})`,
  quantile_disc: ({ args, renderer }) =>
    `percentile_disc(${renderer.render(args[1] ?? [])}) WITHIN GROUP (ORDER BY ${renderer.render(args[0] ?? [])})`,
  chr: ({ args }) => {
    const [node] = args[0] ?? [];
    if (node?.kind !== 'number') throw refused('this form of chr is not known');
    return textLiteral(String.fromCodePoint(Number(node.text)));
  },
  json_type: (call) => `${jsonColumn(call)}_type`,
  json_extract_string: (call) => {
    if (only(call.args[1]) !== '$') throw refused('parts of JSON are not looked into');
    return `${jsonColumn(call)}_text`;
  },
};

function same(name: string): Render {
  return ({ args, renderer }) =>
    `${name}(${args
      .map((arg) =>
        isWord(arg[0], 'DISTINCT')
          ? `DISTINCT ${renderer.render(arg.slice(1))}`
          : (star(arg) ?? renderer.render(arg)),
      )
      .join(', ')})`;
}

function star(arg: readonly Node[]): string | undefined {
  const [node, ...more] = arg;
  return node?.kind === 'symbol' && node.text === '*' && more.length === 0 ? '*' : undefined;
}

/** A function that looks into the letters of its first argument. */
function text(name: string): Render {
  return ({ args, renderer }) => {
    renderer.refuseSpelled(args[0] ?? []);
    return `${name}(${args.map((arg) => renderer.render(arg)).join(', ')})`;
  };
}

function value({ args, renderer }: Call): string {
  renderer.refuseSpelled(args[0] ?? []);
  return renderer.render(args[0] ?? []);
}

function pattern({ args }: Call): string {
  const found = only(args[1]);
  if (found === undefined) throw refused('a regular expression has to stand in assay.yml itself');
  return found;
}

/** The text that is all there is in it. */
function only(nodes: readonly Node[] | undefined): string | undefined {
  const [node, ...more] = nodes ?? [];
  if (node?.kind === 'text' && more.length === 0) return node.value;
  // A text with a NUL is written as its parts put together.
  if (node?.kind !== 'group' || more.length > 0) return undefined;
  const parts = node.nodes.filter((part) => part.kind !== 'symbol');
  const texts = parts.flatMap((part) =>
    part.kind === 'text' ? [part.value] : isWord(part, 'CHR') ? [] : part.kind === 'group' ? ['\0'] : [],
  );
  return texts.join('');
}

/** `min({r: …, value: …}, 10)`: the first ten by r. */
function firstOf(struct: readonly Node[], most: readonly Node[], renderer: Renderer): string {
  const [group] = struct;
  if (group?.kind !== 'group' || group.open !== '{') throw refused('this form of min is not known');
  const fields = separated(group.nodes).map((field) => {
    const [name] = field;
    if (name?.kind !== 'word') throw refused('this form of min is not known');
    return { name: name.text, sql: renderer.render(field.slice(2)) };
  });
  const parts = fields.map(({ name, sql }) => `'${name}', ${sql}`);
  return `min_by(named_struct(${parts.join(', ')}), ${fields[0]?.sql}, ${renderer.render(most)})`;
}

function jsonColumn({ args, renderer }: Call): string {
  const nodes = args[0] ?? [];
  if (renderer.columnIn(nodes)?.storage.kind !== 'json')
    throw refused('JSON inside of texts is not looked into');
  return renderer.render(nodes);
}
