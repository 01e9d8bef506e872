import { nearest } from '../config/nearest.js';
import { UserError } from '../errors.js';
import type { World } from '../world.js';
import { parseInput, wordsFromAction } from './input.js';
import { VERBS } from './verbs.js';

/** Runs one verb: from words or from an action's inputs, to stdout, action outputs and exit code. */
export async function run(
  name: string | undefined,
  words: readonly string[],
  world: World,
  stdout: { write(text: string): unknown },
): Promise<number> {
  const entry = name === undefined ? undefined : VERBS[name];
  if (!entry || name === undefined) {
    const near = name === undefined ? undefined : nearest(name, Object.keys(VERBS));
    throw new UserError(name === undefined ? 'which verb?' : `there is no verb "${name}"`, {
      mend: near ? `did you mean: assay ${near}?` : 'see: assay help',
    });
  }
  const verb = await entry.load();
  const isAction = world.env.ASSAY_DOOR === 'action';
  const input = parseInput(
    verb.spec,
    isAction ? [...words, ...wordsFromAction(verb.spec, world.env)] : words,
  );
  const outcome = await verb.run(input, world);
  if (input.json) stdout.write(`${JSON.stringify(outcome.json, null, 2)}\n`);
  else if (outcome.text) stdout.write(outcome.text.endsWith('\n') ? outcome.text : `${outcome.text}\n`);
  return outcome.exit;
}
