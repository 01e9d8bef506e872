import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DataStep, DatasetConfig } from '../../config/data.js';
import type { Placed } from '../../config/load.js';
import type { RunStep, StepData, StepOutcome } from '../../data/ingest/ports.js';
import { UserError } from '../../errors.js';
import { outcomeOf } from '../../runs/outcome.js';
import { paramVariables } from '../../runs/params.js';
import type { World } from '../../world.js';
import type { Project } from '../project/project.js';

/** How each kind of step is run. */
export function stepRunner(of: {
  readonly project: Project;
  readonly world: World;
  readonly name: string;
  /** With the folder that commands run in. */
  readonly config: Placed<DatasetConfig>;
  /** What the first step reads. */
  readonly source: Placed<DatasetConfig>;
}): RunStep {
  const { project, world, config } = of;
  return async (step, { input, output }) => {
    if (step.sql !== undefined) {
      const { runSqlStep } = await import('../../platform/duckdb/sql-step.js');
      await runSqlStep({
        source: { ...config, ...sourceOf(input, of.source) },
        sql: step.sql,
        output,
        timeoutSeconds: step.timeout,
        options: {
          env: world.env,
          cancel: world.cancel,
          notice: world.terminal.info,
          downloads: join(project.store, 'downloads'),
          ...engineLimits(project),
        },
      });
      return { status: 'succeeded', reason: null };
    }
    const command = step.run ?? (await notebookCommand(of, step, output));
    return runCommand(of, step, { command, input, output });
  };
}

/** Limits of the data engine as assay.yml sets them. */
export function engineLimits(project: Project) {
  const { memory, threads, spill, query_timeout } = project.config.engine;
  return {
    ...(memory !== undefined && { memoryBytes: memory }),
    ...(threads !== undefined && { threads }),
    ...(spill !== undefined && { spillFolder: join(project.root, spill) }),
    ...(query_timeout !== undefined && { queryTimeoutSeconds: query_timeout }),
  };
}

/** What a step wrote is read plainly; the delimiter and format of assay.yml are those of the source. */
function sourceOf(input: StepData, config: Placed<DatasetConfig>) {
  const isSource = input.source === config.source && input.folder === config.folder;
  return {
    folder: input.folder,
    source: input.source,
    format: input.format,
    delimiter: isSource ? config.delimiter : undefined,
  };
}

async function runCommand(
  of: Parameters<typeof stepRunner>[0],
  step: DataStep,
  at: { readonly command: string; readonly input: StepData; readonly output: string },
): Promise<StepOutcome> {
  const { project, world, name, config } = of;
  const folder = dirname(at.output);
  await mkdir(folder, { recursive: true });
  const params = join(folder, 'params.json');
  await writeFile(params, `${JSON.stringify(step.params, null, 2)}\n`);
  const result = await (await project.processes()).run(
    {
      command: at.command,
      cwd: config.folder,
      env: {
        ...step.env,
        ...paramVariables(step.params),
        ASSAY_DATASET: name,
        ASSAY_STEP: step.name,
        // One path; several are on lines of their own.
        ASSAY_INPUT: at.input.paths.join('\n'),
        ASSAY_OUTPUT: at.output,
        ASSAY_PARAMS: params,
      },
      ...(step.timeout === undefined ? {} : { timeoutSeconds: step.timeout }),
      onLine: world.terminal.passthrough,
      logFile: join(folder, 'log.txt'),
      leftovers: 'stop',
    },
    world.cancel,
  );
  return outcomeOf(result, { command: at.command, timeoutSeconds: step.timeout });
}

/** papermill runs a notebook with parameters; the executed one is kept beside the output. */
async function notebookCommand(
  { project, world, config }: Parameters<typeof stepRunner>[0],
  step: DataStep,
  output: string,
): Promise<string> {
  const there = await (await project.processes()).run(
    { command: 'papermill --version', cwd: config.folder, env: {}, leftovers: 'stop' },
    world.cancel,
  );
  if (there.exitCode !== 0) {
    throw new UserError(`the step "${step.name}" is a notebook, and papermill is not installed`, {
      mend: 'install it: pip install papermill ipykernel; or write run: with a command of your own',
    });
  }
  const executed = join(dirname(output), `${step.name}.ipynb`);
  const words = [
    'papermill',
    step.notebook ?? '',
    executed,
    '--cwd',
    '.',
    '--no-progress-bar',
    '--log-output',
    // Texts raw: with -p papermill would make numbers of those that look like some.
    ...Object.entries(step.params).flatMap(([key, value]) => [
      typeof value === 'string' ? '-r' : '-p',
      key,
      String(value),
    ]),
  ];
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}
