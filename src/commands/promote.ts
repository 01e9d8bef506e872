import { UserError } from '../errors.js';
import type { DecisionRecord } from '../gate/record.js';
import { objections, overriding } from '../registry/allowed.js';
import type { VersionRecord } from '../registry/record.js';
import { stageOf } from '../registry/stages.js';
import { stageTag } from '../registry/tag.js';
import { terminalText } from '../report/escape.js';
import { deploymentMarkdown, moveMarkdown, refusalMarkdown } from '../report/release-summary.js';
import type { World } from '../world.js';
import { defineVerb, type Outcome } from './command-line/verb.js';
import { openProject, type Project } from './project/project.js';
import {
  type DeploymentPlan,
  deploymentText,
  planDeployment,
  refuseDeployment,
} from './release/deployment.js';
import { requiredReason } from './release/reason.js';
import { moveAndDeploy, type StageOutcome, stagesOfModel } from './release/stage.js';
import { findVersion, runOf } from './release/versions.js';

export const promote = defineVerb(
  {
    name: 'promote',
    summary: 'gate a version, move it to a stage and deploy it',
    description: `Compares the version's run with what is live on the stage and asks the model's gate. When it says promote,
the stage moves: a record of the history and a tag that GTO reads (income#prod#3). When assay.yml has a deploy target of
the stage's name, the version is then deployed to it; if that fails and is undone, the stage goes back to what was live
before, and that is recorded too.

When the gate says hold or reject nothing moves, the decision is recorded with its reasons, and the exit code is 1. A
person can go over it with --override and a reason: the record keeps both what the gate said and who went over it.`,
    arguments: [{ name: 'version', description: 'the version, such as income@v1.2.0', required: true }],
    options: {
      to: { kind: 'text', description: 'the stage, such as staging or prod', placeholder: 'STAGE' },
      override: {
        kind: 'text',
        description: 'go ahead although the gate does not say promote, and why',
        placeholder: 'REASON',
      },
    },
    outputs: {
      decision: 'promote, hold or reject',
      'stage-tag': 'tag of the move, such as income#prod#3; empty when nothing moved',
      url: 'where the deployment runs; empty when there is none',
    },
    examples: [
      {
        command: 'assay promote income@v1.2.0 --to prod',
        explains: 'gate against what is live on prod, then move',
      },
      {
        command:
          'assay promote income@v1.2.0 --to prod --override "hotfix for wrong labels, agreed with risk"',
        explains: 'go ahead over the gate, on the record',
      },
    ],
  },
  async (input, world) => {
    const stage = input.options.to;
    if (stage === undefined) {
      throw new UserError('promote needs a stage', { mend: 'assay promote income@v1.2.0 --to prod' });
    }
    const override =
      input.options.override === undefined ? undefined : requiredReason('--override', input.options.override);
    const project = await openProject(world, input.config);
    const { version, versions } = await findVersion(project, world, input.arguments[0] ?? '');
    stageTag(version.model, stage, { number: 1, emptied: false });
    const records = await stagesOfModel(project, world, version.model);
    const plan = await planDeployment({ project, world, version, target: stage });
    const now = stageOf(records, stage);
    if (now.live === version.version) return alreadyLive({ version, stage, tag: now.move?.tag ?? '', plan });
    if (plan?.unmet !== undefined) return refused(plan);

    const decision = await decide({ project, world, version, stage, override });
    if (decision.decision !== 'promote') return heldBack(version, stage, decision);
    const outcome = await moveAndDeploy({
      project,
      world,
      stage,
      to: version,
      action: 'promote',
      decision: decision.id,
      reason: decision.override?.reason ?? null,
      records,
      versions,
      plan,
    });
    return moved(outcome, decision);
  },
);

/** The gate's decision against what is live on the stage, or the override that goes over it; both are recorded. */
async function decide(options: {
  readonly project: Project;
  readonly world: World;
  readonly version: VersionRecord;
  readonly stage: string;
  readonly override: string | undefined;
}): Promise<DecisionRecord> {
  const { project, world, version, stage, override } = options;
  const { decideModel } = await import('./gate.js');
  const run = await runOf(project, version);
  const decision = await decideModel({
    project,
    world,
    model: version.model,
    run,
    baseline: `stage:${stage}`,
  });
  if (override === undefined) return decision;
  if (decision.decision === 'promote') {
    world.terminal.info('the gate says promote by itself: --override was not needed and is not recorded');
    return decision;
  }
  const stamp = project.stamp();
  const record = overriding(decision, { reason: override, origin: await project.origin(), stamp });
  await (await project.history()).append([record]);
  return record;
}

function alreadyLive(is: {
  readonly version: VersionRecord;
  readonly stage: string;
  readonly tag: string;
  readonly plan: DeploymentPlan | undefined;
}): Outcome {
  const { version, stage, tag, plan } = is;
  const lines = [`${version.tag} is live on ${terminalText(stage)} already (${tag}); nothing was moved`];
  if (plan && plan.previous !== version.version) {
    lines.push(
      `but the newest deployment to ${terminalText(stage)} that succeeded is ${plan.previous === null ? 'none' : `v${plan.previous}`}; deploy it: assay deploy ${version.tag} --to ${terminalText(stage)}`,
    );
  }
  return {
    exit: 0,
    json: { decision: null, stage: null, back: null, deployment: null, already_live: true },
    text: lines.join('\n'),
    outputs: { decision: 'promote', 'stage-tag': tag, url: '' },
  };
}

async function refused(plan: DeploymentPlan): Promise<Outcome> {
  const deployment = await refuseDeployment(plan);
  return {
    exit: 1,
    json: { decision: null, stage: null, back: null, deployment, already_live: false },
    text: deploymentText(deployment),
    outputs: { decision: 'hold', 'stage-tag': '', url: '' },
    summary: deploymentMarkdown(deployment),
  };
}

function heldBack(version: VersionRecord, stage: string, decision: DecisionRecord): Outcome {
  const reasons = objections(decision).map((reason) => `  - ${terminalText(reason)}`);
  return {
    exit: 1,
    json: { decision, stage: null, back: null, deployment: null, already_live: false },
    text: [
      `${decision.decision}: ${version.tag} does not go to ${terminalText(stage)}`,
      ...reasons,
      `recorded as decision ${decision.id}`,
    ].join('\n'),
    outputs: { decision: decision.decision, 'stage-tag': '', url: '' },
    summary: refusalMarkdown(`${version.tag} does not go to ${stage}`, decision),
  };
}

function moved(outcome: StageOutcome, decision: DecisionRecord): Outcome {
  const { moved, back, deployment } = outcome;
  const lines = stageLines(outcome);
  if (decision.override) {
    lines.unshift(
      `over the gate, which said ${decision.override.was}: ${terminalText(decision.override.reason)}`,
      ...objections(decision).map((reason) => `  - ${terminalText(reason)}`),
    );
  }
  return {
    exit: back === null ? 0 : 1,
    json: { decision, stage: moved, back, deployment, already_live: false },
    text: lines.join('\n'),
    outputs: {
      decision: decision.decision,
      'stage-tag': (back ?? moved).tag,
      url: deployment?.url ?? '',
    },
    summary: moveMarkdown(outcome),
  };
}

/** What a move came to, a line for each thing that happened. Safe for a terminal. */
export function stageLines({ moved, back, deployment }: StageOutcome): string[] {
  const stage = terminalText(moved.stage);
  const version = (number: string | null) => (number === null ? 'nothing' : `v${number}`);
  const lines = deployment ? [deploymentText(deployment)] : [];
  if (back) {
    const now = back.version === null ? 'empty again' : `back on ${version(back.version)}`;
    lines.push(`${stage} of ${moved.model} is ${now} (${back.tag})`);
  } else {
    const replaced = moved.replaces === null ? '' : `, in place of ${version(moved.replaces)}`;
    lines.push(`${moved.model}@v${moved.version} is live on ${stage}${replaced} (${moved.tag})`);
  }
  return lines;
}
