import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandTarget } from '../../config/model.js';
import { type DeployResult, deploy } from '../../deploy/deploy.js';
import { type DeploymentRecord, deploymentRecord } from '../../deploy/record.js';
import { commandTarget, deployedOn, unmetNeed } from '../../deploy/targets.js';
import { OutsideError } from '../../errors.js';
import { formatSeconds } from '../../format.js';
import { readRecords } from '../../history/read.js';
import type { VersionRecord } from '../../registry/record.js';
import { assetNames } from '../../registry/release.js';
import { terminalText } from '../../report/escape.js';
import type { World } from '../../world.js';
import { chosenModels, type Project } from '../project/project.js';
import { withTemporaryFolder } from '../project/temporary.js';

/** Deploying one version to one target: shared by deploy, promote and rollback. */

export interface DeploymentPlan {
  readonly project: Project;
  readonly world: World;
  readonly version: VersionRecord;
  readonly target: string;
  readonly command: CommandTarget;
  /** Where the commands run (absolute). */
  readonly folder: string;
  /** The version on the target now; null when none is. */
  readonly previous: string | null;
  /** Why it may not be deployed yet; undefined when it may. */
  readonly unmet: string | undefined;
}

/**
 * What deploying would mean; undefined when the model has no target of that name.
 * Throws UserError for a target this version of Assay cannot deploy to.
 */
export async function planDeployment(options: {
  readonly project: Project;
  readonly world: World;
  readonly version: VersionRecord;
  readonly target: string;
}): Promise<DeploymentPlan | undefined> {
  const { project, world, version, target } = options;
  const [chosen] = chosenModels(project, version.model);
  const command = chosen && commandTarget(version.model, chosen.model.deploy, target);
  if (!chosen || !command) return undefined;
  const records = await readRecords(
    await project.history(),
    { kind: 'deployment', owner: version.model },
    deploymentRecord,
    { onUnreadable: (record, why) => world.terminal.warn(`deployment ${record.id} is left out: ${why}`) },
  );
  return {
    ...options,
    command,
    folder: chosen.model.folder,
    previous: deployedOn(records, target),
    unmet: unmetNeed(records, { needs: command.needs, version: version.version }),
  };
}

/** Records that a deployment was refused before anything ran, because of what it needs first. */
export async function refuseDeployment(plan: DeploymentPlan): Promise<DeploymentRecord> {
  const reason = `refused: ${plan.unmet}`;
  return append(plan, { status: 'failed', reason, url: null, seconds: 0, steps: [] });
}

/**
 * Brings the version's files to a temporary folder, runs the target's command and health check, undoes on failure,
 * and records what happened, also when interrupted. Returns the record; does not throw for a deployment that fails.
 */
export async function runDeployment(plan: DeploymentPlan): Promise<DeploymentRecord> {
  const { project, world, version } = plan;
  const deployments = await project.deployments();
  return withTemporaryFolder(async (temporary) => {
    const artifacts = join(temporary, 'artifacts');
    await fetchArtifacts(plan, artifacts);
    world.cancel.throwIfAborted();
    const told = await tell(world, async () => {
      const { id } = await deployments.create({
        environment: plan.target,
        commit: version.commit,
        description: version.tag,
      });
      await deployments.update(id, 'in_progress', { description: version.tag, url: null });
      return id;
    });
    const result = await runCommands(plan, { artifacts, outputFile: join(temporary, 'output') });
    const record = await append(plan, result);
    if (told !== undefined) {
      await tell(world, () =>
        deployments.update(told, result.status === 'succeeded' ? 'success' : 'failure', {
          description: result.reason ?? version.tag,
          url: result.url,
        }),
      );
    }
    return record;
  });
}

/** The host's list of deployments is for people to look at: what it refuses stops no deployment. The record counts. */
async function tell<T>(world: World, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    world.terminal.warn(
      `the list of deployments does not show this one: ${error.message}${error.mend ? `\n${error.mend}` : ''}`,
    );
    return undefined;
  }
}

async function fetchArtifacts(plan: DeploymentPlan, folder: string): Promise<void> {
  const store = await plan.project.artifacts();
  await mkdir(folder, { recursive: true });
  for (const [artifact, name] of assetNames(plan.version.assets)) {
    await store.fetch(artifact, join(folder, name));
  }
}

async function runCommands(
  plan: DeploymentPlan,
  files: { readonly artifacts: string; readonly outputFile: string },
): Promise<DeployResult> {
  const { project, world, version, target, command, folder, previous } = plan;
  const { httpHealth } = await import('../../platform/http/health.js');
  world.terminal.info(`deploying ${version.tag} to ${terminalText(target)}: ${terminalText(command.run)}`);
  return deploy(
    { model: version.model, version: version.version, target, command, folder, previous, ...files },
    {
      processes: await project.processes(),
      probe: httpHealth(),
      clock: world.clock,
      wait: (seconds, cancel) => sleep(seconds * 1000, undefined, { signal: cancel }).catch(() => {}),
      output: () => readFile(files.outputFile, 'utf8').catch(() => ''),
      onLine: world.terminal.passthrough,
    },
    world.cancel,
  );
}

async function append(plan: DeploymentPlan, result: DeployResult): Promise<DeploymentRecord> {
  const { project, version, target, previous } = plan;
  const record: DeploymentRecord = {
    schema: 'assay/deployment@1',
    ...project.stamp(),
    ...(await project.origin()),
    commit: version.commit,
    model: version.model,
    version: version.version,
    target,
    replaced: previous,
    ...result,
  };
  await (await project.history()).append([record]);
  return record;
}

/** A sentence on what became of a deployment, and the last lines of the step that failed. Safe for a terminal. */
export function deploymentText(record: DeploymentRecord): string {
  const what = `${record.model}@v${record.version}`;
  const target = terminalText(record.target);
  if (record.status === 'succeeded') {
    const url = record.url === null ? '' : `: ${terminalText(record.url)}`;
    return `${what} is deployed to ${target} (${formatSeconds(record.seconds)})${url}`;
  }
  const failed = record.steps.find((step) => !step.ok);
  const tail = (failed?.tail ?? []).slice(-10).map((line) => `    ${terminalText(line)}`);
  return [
    `${what} was not deployed to ${target}: ${terminalText(record.reason ?? record.status)}`,
    ...tail,
  ].join('\n');
}
