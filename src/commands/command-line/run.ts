import { nearest } from '../../config/nearest.js';
import { UserError } from '../../errors.js';
import { writeStepResult } from '../../platform/runner/action.js';
import { jsonWithoutCommands, withoutCommands } from '../../platform/terminal/neutral.js';
import { quietTerminal } from '../../platform/terminal/terminal.js';
import type { World } from '../../world.js';
import { VERBS } from '../verbs.js';
import { parseInput, wordsFromAction } from './input.js';
import type { Outcome, Verb } from './verb.js';

export interface Stdout {
  readonly columns?: number;
  write(text: string): unknown;
}

interface Invocation {
  /** The words after the verb. */
  readonly words: readonly string[];
  readonly world: World;
  readonly stdout: Stdout;
}

/** Runs one verb: from words or from an action's inputs, to stdout, action outputs and exit code. */
export async function run(name: string | undefined, invocation: Invocation): Promise<number> {
  const { words, world, stdout } = invocation;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const { help } = await import('./help.js');
    const verb = words.find((word) => !word.startsWith('-'));
    stdout.write(await help(verb === undefined ? undefined : await findVerb(verb), stdout.columns));
    return 0;
  }
  const verb = await findVerb(name);
  const isAction = world.env.ASSAY_DOOR === 'action';
  const input = parseInput(
    verb.spec,
    isAction ? [...words, ...wordsFromAction(verb.spec, world.env)] : words,
  );
  if (input.help) {
    const { help } = await import('./help.js');
    stdout.write(await help(verb, stdout.columns));
    return 0;
  }
  const outcome = await verb.run(input, {
    ...world,
    terminal: input.quiet ? quietTerminal(world.terminal) : world.terminal,
  });
  const text = input.json ? `${JSON.stringify(outcome.json, null, 2)}\n` : withLineEnd(outcome.text);
  stdout.write(safeForLog(text, { isJson: input.json, world }));
  if (isAction) await leaveStepResult(outcome, world);
  if (outcome.failure !== undefined) throw outcome.failure;
  return outcome.exit;
}

async function findVerb(name: string): Promise<Verb> {
  const entry = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (entry) return entry.load();
  const near = nearest(name, Object.keys(VERBS));
  throw new UserError(`there is no verb ${JSON.stringify(name)}`, {
    mend: near ? `did you mean: assay ${near}?` : 'see: assay help',
  });
}

function withLineEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** On GitHub stdout is a channel of commands as well as a log. */
function safeForLog(text: string, options: { readonly isJson: boolean; readonly world: World }): string {
  if (options.world.runner.kind !== 'github') return text;
  return options.isJson ? jsonWithoutCommands(text) : withoutCommands(text);
}

function leaveStepResult(outcome: Outcome, world: World): Promise<void> {
  return writeStepResult(
    { outputs: outcome.outputs, summary: outcome.summary },
    { env: world.env, randomness: world.randomness, warn: (text) => world.terminal.warn(text) },
  );
}
