import { UserError } from '../../errors.js';
import { readRecordOf, readRecords } from '../../history/read.js';
import { type VersionRecord, versionRecord } from '../../registry/record.js';
import { parseVersionName } from '../../registry/tag.js';
import { highestFirst } from '../../registry/version.js';
import { type RunRecord, runRecord } from '../../runs/record.js';
import type { World } from '../../world.js';
import { chosenModels, type Project } from '../project/project.js';

/** Finding the version that words on the command line mean. */

/** Every version of a model, newest record first. */
export async function versionsOf(
  project: Project,
  world: World,
  model: string,
): Promise<readonly VersionRecord[]> {
  return readRecords(await project.history(), { kind: 'version', owner: model }, versionRecord, {
    onUnreadable: (record, why) => world.terminal.warn(`version record ${record.id} is left out: ${why}`),
  });
}

/** `income@v1.4.0` or `income@1.4.0`: the model's config and the version's record. Throws UserError when there is none. */
export async function findVersion(project: Project, world: World, text: string) {
  const wanted = parseVersionName(text);
  const [chosen] = chosenModels(project, wanted.model);
  const versions = await versionsOf(project, world, wanted.model);
  const version = versions.find((record) => record.version === wanted.version);
  if (chosen && version) return { ...chosen, version, versions };
  throw new UserError(`there is no version ${wanted.model}@v${wanted.version}`, {
    mend:
      versions.length > 0
        ? `versions there are: ${newestNumbers(versions).join(', ')}`
        : `make one from a run: assay register ${wanted.model}`,
  });
}

function newestNumbers(versions: readonly VersionRecord[]): readonly string[] {
  const tags = highestFirst(versions).map(({ tag }) => tag);
  return tags.length > 10 ? [...tags.slice(0, 10), `and ${tags.length - 10} older`] : tags;
}

/** The run a version was made from. Throws UserError when its record is not in this history. */
export async function runOf(project: Project, version: VersionRecord): Promise<RunRecord> {
  return readRecordOf(await project.history(), version.run, { kind: 'run', schema: runRecord });
}
