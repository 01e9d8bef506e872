import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../errors.js';
import { parseInput, wordsFromAction } from './input.js';
import type { VerbSpec } from './verb.js';

const SPEC: VerbSpec = {
  name: 'brew',
  summary: 'brew',
  description: 'brew',
  arguments: [
    { name: 'pot', description: 'which pot', required: true },
    { name: 'cup', description: 'which cup' },
  ],
  options: {
    strength: { kind: 'number', description: 'how strong' },
    sort: { kind: 'text', description: 'of leaf', choices: ['green', 'black'] },
    note: { kind: 'text', description: 'a note', placeholder: 'TEXT' },
    'add-to': { kind: 'list', description: 'what to add' },
    fast: { kind: 'flag', description: 'in a hurry' },
    secret: { kind: 'text', description: 'not for actions', input: false },
  },
  outputs: {},
  examples: [],
};

const OPTIONS = 'its options: --strength, --sort, --note, --add-to, --fast, --secret; see: assay help brew';

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof UserError) return [error.message, error.mend].filter(Boolean).join(' | ');
    throw error;
  }
  return 'nothing was refused';
}

describe('words', () => {
  test('become arguments and options; what is absent has its empty value', () => {
    expect(parseInput(SPEC, ['p', '--strength', '-3', '--add-to=milk', 'c', '--add-to', 'honey'])).toEqual({
      arguments: ['p', 'c'],
      options: {
        strength: -3,
        sort: undefined,
        note: undefined,
        'add-to': ['milk', 'honey'],
        fast: false,
        secret: undefined,
        config: undefined,
        json: false,
        quiet: false,
        help: false,
      },
      config: 'assay.yml',
      json: false,
      quiet: false,
      help: false,
    });
  });

  test('after -- everything is an argument, and the last of two values counts', () => {
    const input = parseInput(SPEC, ['--note=a', '--note=b', '--', '--fast']);
    expect(input.arguments).toEqual(['--fast']);
    expect(input.options).toMatchObject({ note: 'b', fast: false });
  });

  test('-h and --help need nothing else', () => {
    expect(parseInput(SPEC, ['-h']).help).toBe(true);
    expect(parseInput(SPEC, ['--help']).help).toBe(true);
  });

  test.each([
    [['p', '--strenght=3'], 'brew has no option --strenght | did you mean --strength?'],
    [['p', '--zzzzzz'], `brew has no option --zzzzzz | ${OPTIONS}`],
    [['p', '--constructor=1'], `brew has no option --constructor | ${OPTIONS}`],
    [['p', '-q'], `brew has no option -q | ${OPTIONS}`],
    [['p', '--strength=strong'], '--strength needs a number, not "strong"'],
    [['p', '--strength='], '--strength needs a number, not ""'],
    [['p', '--strength=1e999'], '--strength needs a number, not "1e999"'],
    [['p', '--sort=oolong'], '--sort must be one of green, black, not "oolong"'],
    [['p', '--note'], '--note needs a value | --note TEXT'],
    [
      ['p', '--note', '--json'],
      '--note needs a value, and --json looks like an option | if it is the value: --note=--json',
    ],
    [['p', '--fast=yes'], '--fast takes no value'],
    [[], 'brew needs POT: which pot | see: assay help brew'],
    [['a', 'b', 'c'], `brew takes 2 arguments, and "c" is one too many | ${OPTIONS}`],
  ])('%j is refused: %s', (words, message) => {
    expect(refusal(() => parseInput(SPEC, words))).toBe(message);
  });

  test('whatever they are: an input or a refusal, never a crash', () => {
    const word = fc.oneof(
      fc.string(),
      fc.string().map((text) => `--${text}`),
      fc.constantFrom('--', '-', '--__proto__', '--note'),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        try {
          parseInput(SPEC, words);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
    );
  });
});

describe('inputs of an action', () => {
  const read = (env: Record<string, string>) => parseInput(SPEC, wordsFromAction(SPEC, env));

  test('are options and arguments by their names; an empty one was not given', () => {
    const input = read({
      ASSAY_WITH_POT: ' p ',
      ASSAY_WITH_CUP: '',
      ASSAY_WITH_STRENGTH: '2.5',
      ASSAY_WITH_SORT: '',
      ASSAY_WITH_ADD_TO: 'milk\n\n  honey and more \n',
      ASSAY_WITH_FAST: 'TRUE',
      ASSAY_WITH_CONFIG: 'services/a/assay.yml',
      ASSAY_WITH_SECRET: 'x',
    });
    expect(input).toMatchObject({
      arguments: ['p'],
      config: 'services/a/assay.yml',
      options: {
        strength: 2.5,
        sort: undefined,
        'add-to': ['milk', 'honey and more'],
        fast: true,
        secret: undefined,
      },
    });
  });

  test('a value is never taken for an option', () => {
    const input = read({ ASSAY_WITH_POT: '--json', ASSAY_WITH_NOTE: '--fast' });
    expect(input).toMatchObject({
      arguments: ['--json'],
      json: false,
      options: { note: '--fast', fast: false },
    });
  });

  test.each([
    [{ ASSAY_WITH_POT: 'p', ASSAY_WITH_FAST: 'yes' }, 'the input "fast" must be true or false, not "yes"'],
    [{ ASSAY_WITH_CUP: 'c' }, 'the input "cup" is given without "pot", which comes before it'],
    [{}, 'brew needs POT: which pot | see: assay help brew'],
  ])('%j is refused: %s', (env: Record<string, string>, message) => {
    expect(refusal(() => read(env))).toBe(message);
  });
});
