import { UserError } from '../errors.js';
import { type AcceptanceRecord, acceptanceRecord } from '../gate/record.js';
import { readRecordOf } from '../history/read.js';
import { terminalText } from '../report/escape.js';
import { runRecord } from '../runs/record.js';
import { defineVerb } from './command-line/verb.js';
import { chosenModels, openProject } from './project/project.js';
import { requiredReason } from './release/reason.js';

export const accept = defineVerb(
  {
    name: 'accept',
    summary: 'bless a run as the baseline on purpose, with a reason',
    description: `Records that a person accepts a run as the one to measure against from now on. Models with
"baseline: blessed" in assay.yml are compared with the newest run accepted; other baselines are not touched by it.

An acceptance is a record of its own, with who, when and why. It is never removed: to change your mind, accept
another run.`,
    arguments: [{ name: 'run', description: 'id of the run, or the start of it', required: true }],
    options: {
      reason: { kind: 'text', description: 'why this run; kept in the record', placeholder: 'TEXT' },
    },
    outputs: { run: 'id of the run that is the baseline now', acceptance: 'id of the acceptance record' },
    examples: [
      {
        command:
          'assay accept 20261124T034602123Z-89abcdef --reason "the drop is the price of the new privacy rule"',
        explains: 'measure against this run from now on',
      },
    ],
  },
  async (input, world) => {
    const reason = requiredReason('--reason', input.options.reason);
    const project = await openProject(world, input.config);
    const history = await project.history();
    const run = await readRecordOf(history, input.arguments[0] ?? '', { kind: 'run', schema: runRecord });
    if (run.status !== 'succeeded') {
      throw new UserError(
        `run ${run.id} ${run.status === 'failed' ? 'failed' : 'was cancelled'}, so it cannot be a baseline`,
        {
          mend: `runs that succeeded are listed by: assay runs ${run.model}`,
        },
      );
    }
    const [chosen] = chosenModels(project, run.model);
    const acceptance: AcceptanceRecord = acceptanceRecord.parse({
      schema: 'assay/acceptance@1',
      ...project.stamp(),
      ...(await project.origin()),
      commit: run.commit,
      model: run.model,
      run: run.id,
      reason,
    });
    await history.append([acceptance]);
    if (chosen && chosen.model.baseline !== 'blessed') {
      world.terminal.warn(
        `${run.model} is compared with "${chosen.model.baseline}", so this changes nothing until assay.yml says baseline: blessed`,
      );
    }
    return {
      exit: 0,
      json: acceptance,
      text: `${run.id} is the accepted baseline of ${run.model}: ${terminalText(reason)}`,
      outputs: { run: run.id, acceptance: acceptance.id },
    };
  },
);
