import { UserError } from '../errors.js';
import { plural, shortCommit } from '../format.js';
import { readRecordOf } from '../history/read.js';
import { nameWithSlice } from '../metrics/metric.js';
import { terminalText } from '../report/escape.js';
import { textTable } from '../report/table.js';
import { type RunRecord, runRecord } from '../runs/record.js';
import { compareReproduction, type Reproduction } from '../runs/reproduction.js';
import { defineVerb } from './command-line/verb.js';
import { openProject, type Project } from './project/project.js';
import { trainAndRecord } from './training/training.js';
import { validateDatasets } from './validate.js';

export const reproduce = defineVerb(
  {
    name: 'reproduce',
    summary: 'run a recorded run again and say what differs',
    description:
      "Runs a recorded run's command again with its parameters and seeds, and compares every metric to the last digit and every artifact by its digest. What may explain a difference (runtimes, lockfiles, machine) is listed beside it. The repetition is recorded as a run of its own that names the first one.\n\nThe checkout must be at the run's commit without changes, and the datasets must have the digests they had; --anyway goes on regardless and lists those among the differences.",
    arguments: [{ name: 'run', description: 'id of the run, or the start of it', required: true }],
    options: {
      anyway: { kind: 'flag', description: 'also from another commit, with changes or with other data' },
    },
    outputs: { identical: 'true when every metric is the same to the last digit, else false' },
    examples: [
      { command: 'assay reproduce 20261124T034602123Z-89abcdef', explains: 'the run with that id' },
      {
        command: 'assay reproduce 20261124T0346 --anyway',
        explains: 'from the commit at hand, whatever it is',
      },
    ],
  },
  async (input, world) => {
    const project = await openProject(world, input.config);
    const [id = ''] = input.arguments;
    const original = await readRecordOf(await project.history(), id, { kind: 'run', schema: runRecord });
    const command = repeatable(original);
    const model = project.config.models[original.model];
    if (!model) {
      throw new UserError(
        `run ${original.id} is of the model "${original.model}", which is not in ${project.config.file}`,
        {
          mend: original.code.commit ? `git checkout ${original.code.commit}` : 'add the model back',
        },
      );
    }
    const { anyway } = input.options;
    if (!anyway) await requireSameCode(project, original);
    const names = original.data.map(({ name }) => name);
    const validations = names.length > 0 ? await validateDatasets({ project, world, names }) : [];
    if (!anyway) requireSameData(original, validations);
    const training = await trainAndRecord({
      project,
      world,
      name: original.model,
      model,
      command,
      params: original.params,
      seeds: original.seeds.map(({ seed }) => seed),
      purpose: 'reproduce',
      parent: original.id,
      validations,
    });
    const result = compareReproduction(original, training.record);
    const failure = world.cancel.aborted ? world.cancel.reason : training.problem;
    return {
      exit: result.identical ? 0 : 1,
      json: { original: original.id, run: training.record, ...result },
      text: reproductionText(original, { again: training.record, result }),
      outputs: { identical: String(result.identical) },
      ...(failure === undefined ? {} : { failure }),
    };
  },
);

/** The command of a run that can be run again. */
function repeatable(run: RunRecord): string {
  if (run.imported) {
    throw new UserError(
      `run ${run.id} was imported from ${run.imported.tool}, which did not keep its command`,
      {
        mend: 'train it here: assay train',
      },
    );
  }
  if (run.purpose === 'evaluate' || run.command === null) {
    throw new UserError(`run ${run.id} trained nothing: it scored predictions`, {
      mend: run.parent === null ? 'see: assay evaluate' : `the run that trained is ${run.parent}`,
    });
  }
  if (run.status !== 'succeeded') {
    throw new UserError(
      `run ${run.id} ${run.status === 'failed' ? 'failed' : 'was cancelled'}: there is no result to reproduce`,
      {
        mend: `look at it: assay show ${run.id}`,
      },
    );
  }
  return run.command;
}

async function requireSameCode(project: Project, run: RunRecord): Promise<void> {
  const { commit, dirty } = run.code;
  const anyway = `or, from what is there: assay reproduce ${run.id} --anyway`;
  if (commit === null) return;
  if (dirty) {
    throw new UserError(`run ${run.id} was made with uncommitted changes, which are not recorded`, {
      mend: `repeat it as near as may be: git checkout ${commit}, then assay reproduce ${run.id} --anyway`,
    });
  }
  const head = await (await project.repository())?.head();
  if (head?.commit !== commit) {
    const here = head?.commit ? shortCommit(head.commit) : 'no commit';
    throw new UserError(`run ${run.id} is of commit ${shortCommit(commit)}, and the checkout is at ${here}`, {
      mend: `git checkout ${commit}; ${anyway}`,
    });
  }
  if (head.dirty) {
    throw new UserError('the checkout has uncommitted changes', {
      mend: `git stash --include-untracked; ${anyway}`,
    });
  }
}

function requireSameData(
  run: RunRecord,
  now: readonly { readonly dataset: string; readonly digest: string }[],
): void {
  const changed = run.data.find(
    ({ name, digest }) => now.find(({ dataset }) => dataset === name)?.digest !== digest,
  );
  if (!changed) return;
  throw new UserError(`the dataset "${changed.name}" is not what it was for run ${run.id}`, {
    mend: `bring back the content with SHA-256 ${changed.digest}; or: assay reproduce ${run.id} --anyway`,
  });
}

const SHOWN_METRICS = 30;

function reproductionText(
  original: RunRecord,
  of: { readonly again: RunRecord; readonly result: Reproduction },
): string {
  const { again, result } = of;
  const lines = [headline(original, of), `  recorded as run ${again.id}`];
  if (result.metrics.length > 0) {
    const rows = result.metrics
      .slice(0, SHOWN_METRICS)
      .map((metric) => [
        nameWithSlice(metric.name, metric.slice),
        digits(metric.original),
        digits(metric.again),
      ]);
    lines.push(
      '',
      textTable({ columns: [{ title: 'metric' }, { title: 'original' }, { title: 'again' }], rows }),
    );
    const more = result.metrics.length - rows.length;
    if (more > 0) lines.push(`and ${plural(more, 'more metric')}`);
  }
  if (result.artifacts.length > 0) {
    lines.push('', `other content: ${result.artifacts.map((name) => terminalText(name, 60)).join(', ')}`);
  }
  if (result.environment.length > 0) {
    const rows = result.environment.map(({ what, original: was, again: is }) => [what, was, is]);
    lines.push(
      '',
      textTable({ columns: [{ title: 'differs' }, { title: 'original' }, { title: 'again' }], rows }),
    );
  }
  return lines.join('\n');
}

function headline(
  original: RunRecord,
  { again, result }: { readonly again: RunRecord; readonly result: Reproduction },
): string {
  if (again.status !== 'succeeded') {
    return `${original.model}: the repetition ${again.status === 'failed' ? 'failed' : 'was cancelled'}: ${terminalText(again.reason ?? '')}`;
  }
  const count = plural(original.metrics.length, 'metric');
  if (!result.identical)
    return `${original.model}: ${result.metrics.length} of ${count} differ from run ${original.id}`;
  const files = result.artifacts.length === 0 ? ', and so is every artifact' : '';
  return `${original.model}: identical to run ${original.id}: ${count} to the last digit${files}`;
}

function digits(value: number | null): string {
  return value === null ? 'none' : String(value);
}
