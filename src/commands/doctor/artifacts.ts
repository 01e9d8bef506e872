import { relative } from 'node:path';
import { destinationOf, openBlobs } from '../project/artifacts.js';
import type { Project } from '../project/project.js';
import { type Check, failedCheck, type Patient } from './check.js';
import { limitCheck } from './limit.js';

/**
 * Where GitHub stops: a release takes so many assets, and finding one among many lists them a hundred by a request, of
 * which the token of a job may make a thousand an hour.
 */
const LIMITS = { assets: 1000, releases: 100 } as const;

/** What is used of the releases that hold artifacts. */
export interface ReleasesUsed {
  readonly releases: number;
  /** The one that takes new assets; undefined when there is none yet. */
  readonly newest: { readonly tag: string; readonly assets: number } | undefined;
}

async function releasesUsed(project: Project): Promise<ReleasesUsed> {
  const client = await project.github();
  if (!client) return { releases: 0, newest: undefined };
  const { listAssets, listReleases } = await import('../../platform/github/artifact-releases.js');
  const releases = await listReleases(client);
  const [newest] = releases;
  if (!newest) return { releases: 0, newest: undefined };
  const { length } = await listAssets(client, newest);
  return { releases: releases.length, newest: { tag: newest.tag, assets: length } };
}

/** How far the releases are from where GitHub stops; told from 80 %. */
export function releaseLimits({ releases, newest }: ReleasesUsed): readonly Check[] {
  return [
    ...limitCheck(
      {
        used: newest?.assets ?? 0,
        limit: LIMITS.assets,
        what: `assets in the release ${newest?.tag}`,
        mend: 'nothing has to be done: when it is full, another release is opened; what no record needs goes by: assay prune',
        isSoft: true,
      },
      String,
    ),
    ...limitCheck(
      {
        used: releases,
        limit: LIMITS.releases,
        what: 'releases of artifacts, which one job can list in an hour',
        mend: 'remove what nothing needs: assay prune; or keep artifacts elsewhere: artifacts: { s3: s3://BUCKET/PREFIX }',
        isSoft: true,
      },
      String,
    ),
  ];
}

/** Where the artifacts go, and whether what that needs is there. */
export async function artifactChecks({ project, world }: Patient): Promise<readonly Check[]> {
  if (!project) return [];
  const settings = project.config.artifacts;
  const place = { world, settings, root: project.root, store: project.store };
  const destination = destinationOf(place);
  const check = (state: Check['state'], message: string, mend?: string): readonly Check[] => [
    { name: 'artifacts', state, message, ...(mend === undefined ? {} : { mend }) },
  ];
  switch (destination.kind) {
    case 's3':
      try {
        const { place: bucket } = await openBlobs({ ...place, github: project.github });
        return check('ok', `artifacts are kept in ${bucket}`);
      } catch (error) {
        return [failedCheck('artifacts', error)];
      }
    case 'directory': {
      const folder = relative(project.root, destination.folder) || '.';
      if (settings !== 'releases') return check('ok', `artifacts are kept in ${folder}`);
      return check(
        'ok',
        `artifacts are kept in ${folder}: in releases only on GitHub, where GITHUB_REPOSITORY and a token are set`,
      );
    }
    case 'releases':
      if (destination.reading) {
        return check(
          'warning',
          "artifacts are read from the repository's releases, and kept in a folder of this job: the token of a fork may not write",
          'nothing to do: a later job publishes what this one measured',
        );
      }
      try {
        const used = await releasesUsed(project);
        return [
          ...check(
            'ok',
            `artifacts are kept in the releases assay-artifacts-… of ${world.env.GITHUB_REPOSITORY}`,
          ),
          ...releaseLimits(used),
        ];
      } catch (error) {
        return [failedCheck('artifacts', error)];
      }
  }
}
