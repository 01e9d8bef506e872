import { appendFile } from 'node:fs/promises';
import type { Randomness } from '../../history/port.js';
import { cutMarkdown, LIMITS } from '../../report/limits.js';
import type { Environment } from './runner.js';

/** GitHub allows 1 MB for all outputs of a job and counts two bytes per character. */
const MAXIMUM_OUTPUT_CHARACTERS = 500_000;
/** What a step of a workflow leaves behind for the steps after it and for the reader of the job. */
export interface StepResult {
  readonly outputs: Readonly<Record<string, string>>;
  /** Markdown; undefined when there is nothing to add. */
  readonly summary: string | undefined;
}

interface StepWorld {
  readonly env: Environment;
  readonly randomness: Randomness;
  readonly warn: (text: string) => void;
}

/** Writes outputs and summary where GitHub reads them. What cannot be written is a warning: the verb itself succeeded. */
export async function writeStepResult(result: StepResult, world: StepWorld): Promise<void> {
  const outputs = formatOutputs(result.outputs, world);
  if (outputs) await append('GITHUB_OUTPUT', outputs, world);
  if (result.summary)
    await append(
      'GITHUB_STEP_SUMMARY',
      `${cutMarkdown(result.summary.trimEnd(), LIMITS.summary)}\n\n`,
      world,
    );
}

/** The heredoc form, with a delimiter that no value can know. */
function formatOutputs(outputs: Readonly<Record<string, string>>, world: StepWorld): string {
  let left = MAXIMUM_OUTPUT_CHARACTERS;
  let text = '';
  for (const [name, value] of Object.entries(outputs)) {
    const delimiter = `assay_${Buffer.from(world.randomness.bytes(16)).toString('hex')}`;
    const kept = value.slice(0, left);
    if (kept.length < value.length) {
      world.warn(
        `the output "${name}" is cut from ${value.length} to ${kept.length} characters: GitHub allows 1 MB for all outputs`,
      );
    }
    left -= kept.length;
    text += `${name}<<${delimiter}\n${kept}\n${delimiter}\n`;
  }
  return text;
}

async function append(variable: string, text: string, world: StepWorld): Promise<void> {
  const file = world.env[variable];
  if (!file) {
    world.warn(`${variable} is not set, so the outputs of this step are not passed on`);
    return;
  }
  try {
    await appendFile(file, text);
  } catch (error) {
    world.warn(`${variable} could not be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
