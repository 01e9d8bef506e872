import { GROUPS, VERBS } from '../verbs.js';
import { COMMON_OPTIONS } from './input.js';
import type { OptionSpec, Verb, VerbSpec } from './verb.js';

/** Exit codes of every verb, as INTERFACE of the project fixes them. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done, and the answer is yes (valid, promoted, healthy)'],
  ['1', 'done, and the answer is no (checks failed, the gate says hold or reject); it is recorded'],
  ['2', 'the input is wrong: config, arguments or files; the message says where and how to mend it'],
  ['3', 'the outside world failed after retries; the message says what was saved'],
  ['130, 143', 'interrupted: what was measured is recorded as cancelled'],
  ['70', 'a bug in Assay'],
];

const TAGLINE =
  'assay: data and code come in, a run comes out, is compared, decided on, released and deployed.';

/**
 * The help as text: of one verb, or the overview when there is none.
 * @param columns width of the terminal; lines are kept between 50 and 100
 */
export async function help(verb: Verb | undefined, columns = 80): Promise<string> {
  const width = Math.min(100, Math.max(50, columns));
  return verb ? verbHelp(verb.spec, width) : overview(width);
}

async function overview(width: number): Promise<string> {
  const specs = new Map<string, VerbSpec>();
  await Promise.all(
    Object.entries(VERBS).map(async ([name, entry]) => specs.set(name, (await entry.load()).spec)),
  );
  const label = Math.max(...Object.keys(VERBS).map((name) => name.length));
  const groups = GROUPS.map((group) => {
    const rows = Object.entries(VERBS)
      .filter(([, entry]) => entry.group === group)
      .map(([name]) => [name, specs.get(name)?.summary ?? ''] as const);
    return `${heading(group)}\n${table(rows, { width, label })}`;
  });
  return `${[
    wrap(TAGLINE, width),
    'Usage: assay VERB [ARGUMENT…] [--config assay.yml] [--json] [--quiet]',
    ...groups,
    'More about one verb: assay help VERB',
  ].join('\n\n')}\n`;
}

function verbHelp(spec: VerbSpec, width: number): string {
  const options = Object.entries<OptionSpec>({ ...spec.options, ...COMMON_OPTIONS }).map(
    ([name, option]) => [optionLabel(name, option), optionText(option)] as const,
  );
  const examples = spec.examples
    .map(({ command, explains }) => `  ${command}\n${wrap(explains, width, '      ')}`)
    .join('\n');
  const section = (title: string, rows: readonly (readonly [string, string])[]) =>
    rows.length ? `${title}\n${table(rows, { width })}` : '';
  return `${[
    wrap(`assay ${spec.name}: ${spec.summary}`, width),
    `Usage: ${usage(spec)}`,
    paragraphs(spec.description, width),
    section(
      'Arguments',
      spec.arguments.map((argument) => [argument.name.toUpperCase(), argument.description]),
    ),
    section('Options', options),
    section('Outputs of the action', Object.entries(spec.outputs)),
    section('Exit codes', EXIT_CODES),
    examples && `Examples\n${examples}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

/** `assay promote VERSION --to STAGE` without the options: `assay promote VERSION [OPTION…]`. */
export function usage(spec: VerbSpec): string {
  const words = spec.arguments.map(({ name, required, repeats }) => {
    const label = `${name.toUpperCase()}${repeats ? '…' : ''}`;
    return required ? label : `[${label}]`;
  });
  return ['assay', spec.name, ...words, '[OPTION…]'].join(' ');
}

/** `--seed N`, `--tag TEXT (repeatable)`, `--bless`. */
export function optionLabel(name: string, option: OptionSpec): string {
  switch (option.kind) {
    case 'flag':
      return `--${name}`;
    case 'number':
      return `--${name} ${option.placeholder ?? 'N'}`;
    case 'list':
      return `--${name} ${option.placeholder ?? 'TEXT'} …`;
    case 'text':
      return `--${name} ${option.placeholder ?? option.choices?.join('|') ?? 'TEXT'}`;
  }
}

/** The description with what a reader cannot guess: the choices, and that it may be given more than once. */
export function optionText(option: OptionSpec): string {
  if (option.kind === 'list') return `${option.description}; may be given several times`;
  if (option.kind === 'text' && option.choices && option.placeholder) {
    return `${option.description}: ${option.choices.join(', ')}`;
  }
  return option.description;
}

function heading(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function table(
  rows: readonly (readonly [string, string])[],
  options: { readonly width: number; readonly label?: number },
): string {
  const widest = options.label ?? Math.max(...rows.map(([label]) => label.length));
  const label = Math.min(widest, Math.floor(options.width / 2.5));
  const indent = ' '.repeat(label + 4);
  return rows
    .map(([name, text]) => {
      const wrapped = wrap(text, options.width, indent);
      // A label too long for its column stands on a line of its own.
      return name.length > label
        ? `  ${name}\n${wrapped}`
        : `  ${name.padEnd(label)}  ${wrapped.slice(indent.length)}`;
    })
    .join('\n');
}

/** Paragraphs are separated by an empty line; indented lines and lists stay as they are. */
function paragraphs(text: string, width: number): string {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => (/^(\s|[-*] )/m.test(paragraph) ? paragraph : wrap(paragraph, width)))
    .join('\n\n');
}

function wrap(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  return [...lines, indent + line].join('\n');
}
