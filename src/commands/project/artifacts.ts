import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import type { ArtifactStore, Blobs, TransferWorld } from '../../artifacts/ports.js';
import { artifactStore } from '../../artifacts/store.js';
import type { artifactsConfig } from '../../config/schema.js';
import { assertNever, type OutsideError } from '../../errors.js';
import type { GitHubClient } from '../../platform/github/client.js';
import type { World } from '../../world.js';

/** Which store of artifacts assay.yml and the surroundings mean. */

export interface ArtifactPlace {
  readonly world: World;
  readonly settings: z.infer<typeof artifactsConfig> | undefined;
  /** Folder of assay.yml (absolute). */
  readonly root: string;
  /** `.assay/` (absolute). */
  readonly store: string;
  /** Undefined where repository and token are not named. */
  readonly github: () => Promise<GitHubClient | undefined>;
}

export async function openArtifacts(place: ArtifactPlace): Promise<ArtifactStore> {
  const { localFiles } = await import('../../platform/local/files.js');
  return artifactStore({
    blobs: await openBlobs(place),
    files: localFiles({ root: place.root }),
    world: transferWorld(place.world),
  });
}

/**
 * Where artifacts go. Without a setting: releases in a workflow on GitHub, a directory elsewhere. `releases` outside
 * GitHub is that directory too.
 */
export type Destination =
  | { readonly kind: 's3'; readonly url: string }
  | { readonly kind: 'directory'; readonly folder: string }
  /** `reading`: the token may not write, so what is stored goes to the directory. */
  | { readonly kind: 'releases'; readonly reading: boolean; readonly folder: string };

export function destinationOf(place: Omit<ArtifactPlace, 'github'>): Destination {
  const { world, settings, root, store } = place;
  const folder = join(store, 'artifacts');
  if (typeof settings === 'object') {
    if ('s3' in settings) return { kind: 's3', url: settings.s3 };
    return { kind: 'directory', folder: resolve(root, settings.directory) };
  }
  const { env, runner } = world;
  const onGitHub = Boolean(env.GITHUB_REPOSITORY && (env.ASSAY_TOKEN || env.GITHUB_TOKEN));
  if (!onGitHub || (settings === undefined && runner.kind !== 'github')) return { kind: 'directory', folder };
  return { kind: 'releases', reading: runner.pullRequest?.fromFork === true, folder };
}

/** The store of blobs alone, for pruning. */
export async function openBlobs(place: ArtifactPlace): Promise<Blobs> {
  const { world } = place;
  const destination = destinationOf(place);
  switch (destination.kind) {
    case 's3': {
      const [{ openS3 }, { s3Blobs }] = await Promise.all([
        import('../../platform/s3/client.js'),
        import('../../platform/s3/artifacts.js'),
      ]);
      const { env, version } = world;
      return s3Blobs(openS3({ env, version, url: destination.url, world: transferWorld(world) }));
    }
    case 'directory':
      return openDirectory(destination.folder);
    case 'releases': {
      const client = await place.github();
      if (!client) return openDirectory(destination.folder);
      const { releaseBlobs } = await import('../../platform/github/artifacts.js');
      const releases = releaseBlobs({ client, world: transferWorld(world) });
      if (!destination.reading && world.runner.pullRequest === null) return releases;
      const { layeredBlobs, yieldingBlobs } = await import('../../artifacts/layers.js');
      const own = await openDirectory(destination.folder);
      if (destination.reading) return layeredBlobs(own, releases);
      const { GitHubError } = await import('../../platform/github/failure.js');
      return yieldingBlobs(releases, own, {
        isRefusal: (error) => error instanceof GitHubError && error.kind === 'permission',
        onRefused: (error) => {
          const { message, mend = '' } = error as OutsideError;
          world.terminal.warn(`files of this run stay in this job: ${message}\n${mend}`);
        },
      });
    }
    default:
      return assertNever(destination);
  }
}

async function openDirectory(folder: string): Promise<Blobs> {
  const { directoryBlobs } = await import('../../platform/local/artifacts.js');
  return directoryBlobs({ folder });
}

export function transferWorld(world: World): TransferWorld {
  return {
    progress: (label) => world.terminal.progress(label),
    wait: (seconds, cancel) =>
      sleep(seconds * 1000, undefined, { signal: cancel }).catch(() => cancel.throwIfAborted()),
    now: () => world.clock.now(),
    cancel: world.cancel,
  };
}
