import { relative } from 'node:path';
import { destinationOf, openBlobs } from '../project/artifacts.js';
import { type Check, failedCheck, type Patient } from './check.js';

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
      return check(
        'ok',
        `artifacts are kept in the releases assay-artifacts-… of ${world.env.GITHUB_REPOSITORY}`,
      );
  }
}
