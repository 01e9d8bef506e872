import { parseArgs } from 'node:util';
import { nearest } from '../../config/nearest.js';
import { UserError } from '../../errors.js';
import type { Input, OptionSpec, VerbSpec } from './verb.js';

/** Options that every verb has. */
export const COMMON_OPTIONS = {
  config: { kind: 'text', description: 'path of the config', placeholder: 'PATH' },
  json: { kind: 'flag', description: 'print the result as one JSON document on stdout', input: false },
  quiet: { kind: 'flag', description: 'no progress and no remarks', input: false },
  help: { kind: 'flag', description: 'show this help', input: false },
} as const satisfies Record<string, OptionSpec>;

/** Reads the words after the verb. Throws UserError for an unknown option, naming the nearest one. */
export function parseInput(spec: VerbSpec, words: readonly string[]): Input & { readonly help: boolean } {
  const known: Record<string, OptionSpec> = { ...COMMON_OPTIONS, ...spec.options };
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(
      Object.entries(known).map(([name, option]) => [
        name,
        { type: option.kind === 'flag' ? ('boolean' as const) : ('string' as const), multiple: true },
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const given: Record<string, string[]> = Object.create(null);
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind === 'option') {
      const name = token.rawName === '-h' ? 'help' : token.name;
      checkOption(spec, known, { ...token, name });
      given[name] = [...(given[name] ?? []), token.value ?? 'true'];
    }
  }
  const options = Object.fromEntries(
    Object.entries(known).map(([name, option]) => [name, optionValue(name, option, given[name])]),
  );
  const help = options.help === true;
  if (!help) checkArguments(spec, positionals);
  return {
    arguments: positionals,
    options: options as Input['options'],
    config: (options.config as string | undefined) ?? 'assay.yml',
    json: options.json === true,
    quiet: options.quiet === true,
    help,
  };
}

/**
 * What an action's `with:` says, as words of a command line. Composite actions map each input to `ASSAY_WITH_<NAME>`;
 * an empty one was not given.
 */
export function wordsFromAction(
  spec: VerbSpec,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const value = (name: string) => env[`ASSAY_WITH_${name.toUpperCase().replace(/-/g, '_')}`] ?? '';
  const words: string[] = [];
  const options: Record<string, OptionSpec> = { ...COMMON_OPTIONS, ...spec.options };
  for (const [name, option] of Object.entries(options)) {
    const text = value(name).trim();
    if (text === '' || option.input === false) continue;
    if (option.kind === 'flag') {
      if (!/^(true|false)$/i.test(text)) {
        throw new UserError(`the input "${name}" must be true or false, not ${JSON.stringify(text)}`);
      }
      if (text.toLowerCase() === 'true') words.push(`--${name}`);
    } else if (option.kind === 'list') {
      for (const line of text.split('\n')) if (line.trim()) words.push(`--${name}=${line.trim()}`);
    } else {
      words.push(`--${name}=${text}`);
    }
  }
  words.push('--');
  let absent: string | undefined;
  for (const argument of spec.arguments) {
    const text = value(argument.name).trim();
    if (text && absent) {
      throw new UserError(`the input "${argument.name}" is given without "${absent}", which comes before it`);
    }
    if (text) words.push(...(argument.repeats ? text.split(/\s+/) : [text]));
    else absent = argument.name;
  }
  return words;
}

function checkOption(
  spec: VerbSpec,
  known: Readonly<Record<string, OptionSpec>>,
  token: {
    readonly name: string;
    readonly rawName: string;
    readonly value: string | undefined;
    /** True for `--name=value`. */
    readonly inlineValue: boolean | undefined;
  },
): void {
  const option = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
  if (!option) {
    const near = nearest(token.name, Object.keys(known));
    throw new UserError(`${spec.name} has no option ${token.rawName}`, {
      mend: near ? `did you mean --${near}?` : `${optionsOf(spec)}see: assay help ${spec.name}`,
    });
  }
  if (option.kind === 'flag' && token.value !== undefined) {
    throw new UserError(`--${token.name} takes no value`);
  }
  if (option.kind !== 'flag' && token.value === undefined) {
    throw new UserError(`--${token.name} needs a value`, {
      mend: `--${token.name} ${option.placeholder ?? 'VALUE'}`,
    });
  }
  // `--config --json`: the value was forgotten, rather than being `--json`.
  if (!token.inlineValue && token.value?.startsWith('--')) {
    throw new UserError(`--${token.name} needs a value, and ${token.value} looks like an option`, {
      mend: `if it is the value: --${token.name}=${token.value}`,
    });
  }
}

/** The verb's own options in a line, for who gave something it does not take. */
function optionsOf(spec: VerbSpec): string {
  const names = Object.keys(spec.options).map((name) => `--${name}`);
  return names.length === 0 ? '' : `its options: ${names.join(', ')}; `;
}

function optionValue(name: string, option: OptionSpec, given: readonly string[] | undefined): unknown {
  const last = given?.at(-1);
  switch (option.kind) {
    case 'flag':
      return last !== undefined;
    case 'list':
      return given ?? [];
    case 'number': {
      if (last === undefined) return undefined;
      const value = last.trim() === '' ? Number.NaN : Number(last);
      if (Number.isFinite(value)) return value;
      throw new UserError(`--${name} needs a number, not ${JSON.stringify(last)}`);
    }
    case 'text':
      if (last !== undefined && option.choices && !option.choices.includes(last)) {
        throw new UserError(
          `--${name} must be one of ${option.choices.join(', ')}, not ${JSON.stringify(last)}`,
        );
      }
      return last;
  }
}

function checkArguments(spec: VerbSpec, positionals: readonly string[]): void {
  const required = spec.arguments.filter((argument) => argument.required);
  if (positionals.length < required.length) {
    const absent = required[positionals.length];
    throw new UserError(`${spec.name} needs ${absent?.name.toUpperCase()}: ${absent?.description}`, {
      mend: `see: assay help ${spec.name}`,
    });
  }
  const repeats = spec.arguments.some((argument) => argument.repeats);
  if (!repeats && positionals.length > spec.arguments.length) {
    throw new UserError(
      `${spec.name} takes ${spec.arguments.length || 'no'} argument${spec.arguments.length === 1 ? '' : 's'}, and ${JSON.stringify(positionals[spec.arguments.length])} is one too many`,
      { mend: `${optionsOf(spec)}see: assay help ${spec.name}` },
    );
  }
}
