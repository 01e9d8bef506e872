import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { World } from '../../src/world.js';
import { type Deviation, deviations } from './deviation.js';
import { type ScoredCase, scoredCases } from './predictions.js';
import { type Fields, isFields, parseReference, type Value } from './reference.js';
import { STATISTICS } from './statistics.js';

/**
 * Holds the project's own functions against reference values that anybody made with other tools, in the format of
 * tests/fixtures/statistics and tests/fixtures/predictions.
 */

export const USAGE = `npm run oracle -- [OPTION…] FILE…

Computes every value of reference files with the functions that the product uses, and prints the worst relative error of each kind.
FILE is JSON: { "cases": [{ "kind", "name", "inputs", "outputs" }] } for statistics, or { "models": { … } } for scores of predictions,
whose files (CSV, TSV, JSON Lines, Parquet, also packed) are looked for
beside it. The task is what "evaluate": { "task", "columns" … } in the file or in a model says, else what the columns look like.

  --predictions MODEL=FILE   where the predictions of a model are; may be given several times
  --tolerance NUMBER         largest relative error (default: 1e-10 for statistics, 1e-12 for scores)
  --all                      print each value that is above the tolerance, not only the worst

Exit 0 when all values are within the tolerance, 1 when one is not or cannot be computed, 2 when a file cannot be read.
`;

const TOLERANCES = { statistics: 1e-10, scores: 1e-12 } as const;

/** One kind of value over all its cases. */
interface Line {
  readonly kind: string;
  readonly tolerance: number;
  cases: number;
  values: number;
  worst: (Deviation & { readonly name: string }) | undefined;
  readonly above: (Deviation & { readonly name: string })[];
  readonly refused: string[];
  readonly conventions: string[];
}

/** @returns the exit code */
export async function oracle(
  words: readonly string[],
  to: { readonly world: World; readonly write: (text: string) => void },
): Promise<number> {
  const options = optionsOf(words);
  if (typeof options === 'string') {
    to.write(`${options}\n${USAGE}`);
    return 2;
  }
  const lines = new Map<string, Line>();
  for (const file of options.files) {
    try {
      await readFile(file, { ...options, lines, world: to.world });
    } catch (error) {
      to.write(`${file}: ${error instanceof Error ? error.message : error}\n`);
      return 2;
    }
  }
  to.write(report([...lines.values()], options.all));
  return [...lines.values()].some((line) => line.above.length > 0 || line.refused.length > 0) ? 1 : 0;
}

interface Options {
  readonly files: readonly string[];
  readonly named: ReadonlyMap<string, string>;
  readonly tolerance: number | undefined;
  readonly all: boolean;
}

/** The options, or what is wrong with them. */
function optionsOf(words: readonly string[]): Options | string {
  const { values, positionals } = parse(words);
  if (values.help || positionals.length === 0) return positionals.length === 0 ? 'which file?' : '';
  const tolerance = values.tolerance === undefined ? undefined : Number(values.tolerance);
  if (tolerance !== undefined && !(tolerance >= 0)) return `--tolerance ${values.tolerance} is not a number`;
  const named = new Map<string, string>();
  for (const entry of values.predictions ?? []) {
    const at = entry.indexOf('=');
    if (at < 1) return `--predictions ${entry}: write MODEL=FILE`;
    named.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return { files: positionals, named, tolerance, all: values.all ?? false };
}

function parse(words: readonly string[]) {
  return parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      predictions: { type: 'string', multiple: true },
      tolerance: { type: 'string' },
      all: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

interface Reading extends Options {
  readonly lines: Map<string, Line>;
  readonly world: World;
}

async function readFile(file: string, reading: Reading): Promise<void> {
  const reference = parseReference(readFileSync(file, 'utf8'));
  if (!isFields(reference)) throw new Error('this is not a JSON object');
  if (Array.isArray(reference.cases)) {
    reference.cases.forEach((one: Value, index) => {
      statisticsCase(one, index, reading);
    });
    return;
  }
  if (!isFields(reference.models)) throw new Error('there is neither "cases" nor "models" in it');
  for (const one of await scoredCases(reference, { file, named: reading.named, world: reading.world })) {
    compare(one, lineOf(one.kind, 'scores', reading));
  }
}

function statisticsCase(one: Value, index: number, reading: Reading): void {
  const fields: Fields = isFields(one) ? one : {};
  const kind = String(fields.kind ?? 'no kind');
  const name = String(fields.name ?? `case ${index + 1}`);
  const line = lineOf(kind, 'statistics', reading);
  const compute = STATISTICS[kind];
  const { inputs, outputs } = { inputs: fields.inputs, outputs: fields.outputs };
  if (!compute || !Object.hasOwn(STATISTICS, kind))
    line.refused.push(`${name}: the kind "${kind}" is not known`);
  else if (!isFields(inputs) || !isFields(outputs))
    line.refused.push(`${name}: it has no inputs or no outputs`);
  else {
    try {
      compare({ kind, name, expected: outputs, computed: compute(inputs) }, line);
    } catch (error) {
      line.refused.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

function lineOf(kind: string, group: keyof typeof TOLERANCES, reading: Reading): Line {
  const known = reading.lines.get(kind);
  if (known) return known;
  const tolerance = reading.tolerance ?? TOLERANCES[group];
  const line: Line = {
    kind,
    tolerance,
    cases: 0,
    values: 0,
    worst: undefined,
    above: [],
    refused: [],
    conventions: [],
  };
  reading.lines.set(kind, line);
  return line;
}

function compare(one: ScoredCase, line: Line): void {
  line.cases++;
  line.conventions.push(...(one.conventions ?? []).map((words) => `${one.name}: ${words}`));
  for (const found of deviations(one.expected, one.computed)) {
    const deviation = { ...found, name: one.name };
    line.values++;
    if (!line.worst || deviation.error > line.worst.error) line.worst = deviation;
    if (!(deviation.error <= line.tolerance)) line.above.push(deviation);
  }
}

function report(lines: readonly Line[], all: boolean): string {
  const width = Math.max(4, ...lines.map((line) => line.kind.length));
  const rows = lines.map((line) => {
    const error = line.worst?.error ?? Number.NaN;
    const holds = line.above.length === 0 && line.refused.length === 0;
    const worst = Number.isNaN(error) ? '–' : error === 0 ? '0' : error.toExponential(1);
    const counts = `${String(line.cases).padStart(5)}  ${String(line.values).padStart(6)}`;
    const where = line.worst && error > 0 ? `  ${line.worst.name}: ${line.worst.where}` : '';
    return `${holds ? ' ' : '✗'} ${line.kind.padEnd(width)}  ${counts}  ${worst.padStart(8)}${where}`;
  });
  const details = lines.flatMap((line) => [
    ...line.refused.map((reason) => `✗ ${reason}`),
    ...(all ? line.above : line.above.slice(0, 3)).map(
      ({ name, where, error, expected, computed }) =>
        `✗ ${line.kind}, ${name}: ${where} is ${shown(computed)} instead of ${shown(expected)} (${error.toExponential(1)})`,
    ),
    ...(!all && line.above.length > 3 ? [`✗ ${line.kind}: and ${line.above.length - 3} more (--all)`] : []),
  ]);
  const notes = lines.flatMap(({ conventions }) => [
    ...(all ? conventions : conventions.slice(0, 3)).map((words) => `note: ${words}`),
    ...(!all && conventions.length > 3 ? [`note: and ${conventions.length - 3} more (--all)`] : []),
  ]);
  const head = `  ${'kind'.padEnd(width)}  cases  values     worst`;
  return `${[head, ...rows, ...(details.length > 0 ? ['', ...details] : []), ...notes].join('\n')}\n`;
}

function shown(value: Value | undefined): string {
  if (value === undefined) return 'not computed';
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}
