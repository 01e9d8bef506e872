import { join } from 'node:path';
import { OutsideError, UserError } from '../../errors.js';
import type { VersionRecord } from '../../registry/record.js';
import { assetNames } from '../../registry/release.js';
import { fileName } from '../../report/escape.js';
import type { World } from '../../world.js';
import type { Project } from '../project/project.js';

/** What comes after a release: the workflow that deploys it, and the file that provenance is signed over. */

/**
 * Starts the workflow with the input `version`. Undefined when it started; what went wrong otherwise, since the version is
 * released all the same.
 */
export async function startWorkflow(
  workflow: string,
  of: { readonly project: Project; readonly world: World; readonly version: VersionRecord },
): Promise<OutsideError | undefined> {
  const { project, world, version } = of;
  const client = await project.github();
  if (!client) {
    throw new UserError('--start starts a workflow on GitHub, and repository and token are not named', {
      mend: 'set GITHUB_REPOSITORY and GITHUB_TOKEN, or leave --start out',
    });
  }
  const { dispatchWorkflow } = await import('../../platform/github/dispatch.js');
  try {
    const inputs = { version: version.tag };
    await dispatchWorkflow(client, { workflow, branch: world.runner.defaultBranch, inputs });
    world.terminal.info(`started ${workflow} with version ${version.tag}`);
    return undefined;
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    return new OutsideError(`${version.tag} is released, and ${workflow} was not started: ${error.message}`, {
      mend: `${error.mend ?? ''}; start it by hand: gh workflow run ${workflow} -f version=${version.tag}`,
      cause: error,
    });
  }
}

/** Writes `<sha256>  <name>` of each file of the version, as sha256sum does; returns the path (absolute). */
export async function writeChecksums(project: Project, version: VersionRecord): Promise<string> {
  const { writeAtomically } = await import('../../platform/local/store.js');
  const path = join(project.store, 'checksums', `${fileName(version.tag)}.sha256`);
  const lines = [...assetNames(version.assets)].map(([artifact, name]) => `${artifact.digest}  ${name}\n`);
  await writeAtomically(path, lines.join(''));
  return path;
}
