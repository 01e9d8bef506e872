import { type CommandTarget, type ModelConfig, TARGET_ENGINES } from '../config/model.js';
import { UserError } from '../errors.js';
import type { DeploymentRecord } from './record.js';

/** Targets of a model, and what its deployment records say of them. */

/**
 * The command target of that name; undefined when the model has no target of the name.
 * Throws UserError for a target of an engine, which this version cannot deploy to.
 */
export function commandTarget(
  model: string,
  targets: ModelConfig['deploy'],
  name: string,
): CommandTarget | undefined {
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (!target) return undefined;
  if (isCommand(target)) {
    if (target.health && target.health.run === undefined && target.health.url === undefined) {
      throw new UserError(`models.${model}.deploy.${name}.health says neither run nor url`, {
        mend: 'add run: COMMAND (healthy when it exits with 0) or url: ADDRESS (healthy when it answers 2xx)',
      });
    }
    return target;
  }
  const engine = TARGET_ENGINES.find((each) => each in target) ?? 'engine';
  throw new UserError(
    `deploying to ${engine} (models.${model}.deploy.${name}) is not available in this version`,
    {
      mend: 'use a target that is a command: run: ./deploy.sh',
    },
  );
}

function isCommand(target: ModelConfig['deploy'][string]): target is CommandTarget {
  return 'run' in target && typeof target.run === 'string';
}

function newestFirst(records: readonly DeploymentRecord[]): readonly DeploymentRecord[] {
  return [...records].sort((a, b) => (a.id < b.id ? 1 : -1));
}

/** The version that the newest successful deployment brought to a target; null when there was none. */
export function deployedOn(records: readonly DeploymentRecord[], target: string): string | null {
  const newest = newestFirst(records).find(
    (record) => record.target === target && record.status === 'succeeded',
  );
  return newest?.version ?? null;
}

/**
 * Why a version may not go to a target yet: `needs` names another target, and this version's newest deployment there
 * did not succeed. Undefined when it may. Deployments that were refused before anything ran (no steps) say nothing.
 */
export function unmetNeed(
  records: readonly DeploymentRecord[],
  wanted: { readonly needs: string | undefined; readonly version: string },
): string | undefined {
  const { needs, version } = wanted;
  if (needs === undefined) return undefined;
  const newest = newestFirst(records).find(
    (record) => record.target === needs && record.version === version && record.steps.length > 0,
  );
  if (newest?.status === 'succeeded') return undefined;
  return newest === undefined
    ? `it needs ${needs} first, and v${version} was never deployed there`
    : `it needs ${needs} first, and the newest deployment of v${version} there is "${newest.status}"`;
}
