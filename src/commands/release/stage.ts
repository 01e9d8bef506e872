import type { DeploymentRecord } from '../../deploy/record.js';
import { readRecords } from '../../history/read.js';
import { moveStage } from '../../registry/move.js';
import { type StageRecord, stageRecord, type VersionRecord } from '../../registry/record.js';
import { stageOf } from '../../registry/stages.js';
import type { World } from '../../world.js';
import type { Project } from '../project/project.js';
import { type DeploymentPlan, runDeployment } from './deployment.js';

/** Moving a stage and deploying as one: shared by promote and rollback. */

/** The stage records of a model. */
export async function stagesOfModel(
  project: Project,
  world: World,
  model: string,
): Promise<readonly StageRecord[]> {
  return readRecords(await project.history(), { kind: 'stage', owner: model }, stageRecord, {
    onUnreadable: (record, why) => world.terminal.warn(`stage record ${record.id} is left out: ${why}`),
  });
}

export interface StageMove {
  readonly project: Project;
  readonly world: World;
  readonly stage: string;
  readonly to: VersionRecord;
  readonly action: StageRecord['action'];
  readonly decision: string | null;
  readonly reason: string | null;
  /** Every stage record of the model. */
  readonly records: readonly StageRecord[];
  /** Every version of the model. */
  readonly versions: readonly VersionRecord[];
  /** Undefined when the stage has no target of its name. */
  readonly plan: DeploymentPlan | undefined;
}

export interface StageOutcome {
  readonly moved: StageRecord;
  /** The move that took it back, when the deployment did not succeed. */
  readonly back: StageRecord | null;
  readonly deployment: DeploymentRecord | null;
}

/**
 * Moves the stage, then deploys. When the deployment does not succeed, the stage goes back to what was live before and
 * that is recorded too, so that a stage never claims what its target does not run. Throws Interrupted when cancelled,
 * after all of that.
 */
export async function moveAndDeploy(move: StageMove): Promise<StageOutcome> {
  const { project, world, plan, records, to, stage } = move;
  const stores = {
    history: await project.history(),
    tags: await project.tags(),
    stamp: project.stamp,
    origin: await project.origin(),
  };
  const { model } = to;
  world.cancel.throwIfAborted();
  const moved = await moveStage(stores, { ...move, model, records });
  const takeBack = (reason: string) => {
    const { live } = stageOf(records, stage);
    const before = move.versions.find((version) => version.version === live) ?? null;
    const back = { model, stage, to: before, action: 'rollback', decision: null, reason } as const;
    return moveStage(stores, { ...back, records: [...records, moved] });
  };
  if (!plan) return { moved, back: null, deployment: null };
  let deployment: DeploymentRecord;
  try {
    deployment = await runDeployment(plan);
  } catch (error) {
    await takeBack(
      `deploying to ${plan.target} broke off: ${error instanceof Error ? error.message : error}`,
    );
    throw error;
  }
  if (deployment.status === 'succeeded') return { moved, back: null, deployment };
  const back = await takeBack(`deploying to ${plan.target}: ${deployment.status}, ${deployment.reason}`);
  if (deployment.status === 'cancelled') throw world.cancel.reason;
  return { moved, back, deployment };
}
