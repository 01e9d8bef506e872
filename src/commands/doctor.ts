import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { World } from '../world.js';
import { defineVerb } from './command-line/verb.js';
import { artifactChecks } from './doctor/artifacts.js';
import { type Check, failedCheck, type Patient, renderChecks } from './doctor/check.js';
import { githubChecks } from './doctor/github.js';
import { machineChecks } from './doctor/machine.js';
import { modelChecks } from './doctor/models.js';
import { repositoryChecks } from './doctor/repository.js';
import { runnerChecks } from './doctor/runner.js';
import { findGitRoot, openProject, type Project } from './project/project.js';

export const doctor = defineVerb(
  {
    name: 'doctor',
    summary: 'check config, git, data, tools and limits, and say how to mend what is wrong',
    description: `Looks at everything a training and its record need: Node, git, DuckDB and disk space; assay.yml as a whole,
with every problem in it; the program each training command starts; the files of each dataset; whether git tracks files
that trainings rewrite; lockfiles; the state of the clone; whether the history can be read, and how far it is from the
limits of GitHub (told from 80 %); and in CI, what the runner hands over. With a token for GitHub also: which permission a verb lacks, with the lines to add;
whether a rule protects the history branch; and schedules that GitHub has switched off.

Nothing is run and nothing is changed. Each line is ✓ (fine), ! (works, but look at it) or ✗ (broken), with what to do.
The exit code is 1 when something is broken.`,
    arguments: [],
    options: {},
    outputs: { healthy: 'true when nothing is broken' },
    examples: [
      {
        command: 'assay doctor',
        explains: 'after init, after moving to another machine, when something is odd',
      },
      { command: 'assay doctor --json', explains: 'the same as data' },
    ],
  },
  async (input, world) => {
    // What any part would remark on the way becomes a line of the list.
    const remarks: string[] = [];
    const listening = {
      ...world,
      terminal: { ...world.terminal, warn: (text: string) => remarks.push(text) },
    };
    const { project, check } = await openConfig(listening, input.config);
    const folder = nearestFolder(dirname(resolve(world.cwd, input.config)));
    const patient: Patient = { world: listening, folder, gitRoot: findGitRoot(folder), project };
    const checks: readonly Check[] = [
      ...(await machineChecks(patient)),
      ...check,
      ...(await modelChecks(patient)),
      ...(await repositoryChecks(patient)),
      ...(await artifactChecks(patient)),
      ...runnerChecks(patient),
      ...(await githubChecks(patient)),
      ...remarks.map((message): Check => ({ name: 'remark', state: 'warning', message })),
    ];
    const healthy = checks.every((one) => one.state !== 'broken');
    return {
      exit: healthy ? 0 : 1,
      json: { healthy, checks },
      text: renderChecks(checks),
      outputs: { healthy: String(healthy) },
    };
  },
);

async function openConfig(
  world: World,
  file: string,
): Promise<{ readonly project: Project | undefined; readonly check: readonly Check[] }> {
  try {
    const project = await openProject(world, file);
    const { models, data } = project.config;
    const size = `models: ${Object.keys(models).join(', ') || 'none'}; data: ${Object.keys(data).join(', ') || 'none'}`;
    return { project, check: [{ name: 'config', state: 'ok', message: `${file} is valid (${size})` }] };
  } catch (error) {
    return { project: undefined, check: [failedCheck('config', error)] };
  }
}

/** The folder itself, or the nearest above it that exists, for `--config` may name one that does not. */
function nearestFolder(folder: string): string {
  return existsSync(folder) ? folder : nearestFolder(dirname(folder));
}
