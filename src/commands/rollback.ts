import { UserError } from '../errors.js';
import { rollbackTarget, stageOf } from '../registry/stages.js';
import { parseVersionName } from '../registry/tag.js';
import { terminalText } from '../report/escape.js';
import { moveMarkdown } from '../report/release-summary.js';
import { defineVerb } from './command-line/verb.js';
import { chosenModels, openProject } from './project/project.js';
import { stageLines } from './promote.js';
import { planDeployment } from './release/deployment.js';
import { requiredReason } from './release/reason.js';
import { moveAndDeploy, stagesOfModel } from './release/stage.js';
import { versionsOf } from './release/versions.js';

export const rollback = defineVerb(
  {
    name: 'rollback',
    summary: 'put the version before back on a stage',
    description: `Moves the stage to the version that was live on it before, records it, tags it (income#prod#4), and deploys that
version again when assay.yml has a target of the stage's name. No gate is asked: going back is always allowed, and
neither is "needs".

Rolling back twice goes two versions back; it does not return to the version you came from. Promotions whose deployment
failed do not count. --to names the version to go to: any that was live on this stage at some time.`,
    arguments: [{ name: 'model', description: 'the model, as in assay.yml', required: true }],
    options: {
      stage: { kind: 'text', description: 'the stage, such as prod', placeholder: 'STAGE' },
      to: { kind: 'text', description: 'the version to go back to, such as 1.1.0', placeholder: 'VERSION' },
      reason: { kind: 'text', description: 'why; kept in the record', placeholder: 'TEXT' },
    },
    outputs: {
      version: 'the version that is live on the stage now, such as income@v1.1.0; empty when none is',
      'stage-tag': 'tag of the newest move, such as income#prod#4',
      url: 'where the deployment runs; empty when there is none',
    },
    examples: [
      {
        command: 'assay rollback income --stage prod --reason "latency doubled"',
        explains: 'back to the version that was live before',
      },
      { command: 'assay rollback income --stage prod --to 1.0.0', explains: 'back to a version by name' },
    ],
  },
  async (input, world) => {
    const { stage, to } = input.options;
    const name = input.arguments[0] ?? '';
    if (stage === undefined) {
      throw new UserError('rollback needs a stage', { mend: `assay rollback ${name} --stage prod` });
    }
    const reason =
      input.options.reason === undefined ? null : requiredReason('--reason', input.options.reason);
    const project = await openProject(world, input.config);
    chosenModels(project, name);
    const records = await stagesOfModel(project, world, name);
    const target = rollbackTarget(records, { model: name, stage, version: wantedVersion(name, to) });
    const { live, move } = stageOf(records, stage);
    if (target === live) {
      return {
        exit: 0,
        json: { stage: move, back: null, deployment: null, already_live: true },
        text: `${name}@v${target} is live on ${terminalText(stage)} already; nothing was moved`,
        outputs: { version: `${name}@v${target}`, 'stage-tag': move?.tag ?? '', url: '' },
      };
    }
    const versions = await versionsOf(project, world, name);
    const version = versions.find((record) => record.version === target);
    if (!version) {
      throw new UserError(`${name}@v${target} has no version record any more, so it cannot be put back`);
    }
    const plan = await planDeployment({ project, world, version, target: stage });
    const outcome = await moveAndDeploy({
      project,
      world,
      stage,
      to: version,
      action: 'rollback',
      decision: null,
      reason,
      records,
      versions,
      plan,
    });
    const last = outcome.back ?? outcome.moved;
    return {
      exit: outcome.back === null ? 0 : 1,
      json: { stage: outcome.moved, back: outcome.back, deployment: outcome.deployment, already_live: false },
      text: stageLines(outcome).join('\n'),
      outputs: {
        version: last.version === null ? '' : `${name}@v${last.version}`,
        'stage-tag': last.tag,
        url: outcome.deployment?.url ?? '',
      },
      summary: moveMarkdown(outcome),
    };
  },
);

/** `1.1.0`, `v1.1.0` or `income@v1.1.0`. */
function wantedVersion(model: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const named = parseVersionName(text.includes('@') ? text : `${model}@${text}`);
  if (named.model === model) return named.version;
  throw new UserError(`${JSON.stringify(text)} is a version of ${named.model}, not of ${model}`);
}
