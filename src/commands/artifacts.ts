import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import type { ArtifactStore, Blobs, TransferWorld } from '../artifacts/ports.js';
import { artifactStore } from '../artifacts/store.js';
import type { artifactsConfig } from '../config/schema.js';
import type { World } from '../world.js';

/** Which store of artifacts assay.yml and the surroundings mean. */

export interface ArtifactPlace {
  readonly world: World;
  readonly settings: z.infer<typeof artifactsConfig> | undefined;
  /** Folder of assay.yml (absolute). */
  readonly root: string;
  /** `.assay/` (absolute). */
  readonly store: string;
}

export async function openArtifacts(place: ArtifactPlace): Promise<ArtifactStore> {
  const { localFiles } = await import('../platform/local/files.js');
  return artifactStore({
    blobs: await openBlobs(place),
    files: localFiles({ root: place.root }),
    world: transferWorld(place.world),
  });
}

/** The store of blobs alone, for pruning. */
export async function openBlobs({ world, settings, root, store }: ArtifactPlace): Promise<Blobs> {
  if (typeof settings === 'object' && 's3' in settings) {
    const [{ openS3 }, { s3Blobs }] = await Promise.all([
      import('../platform/s3/client.js'),
      import('../platform/s3/artifacts.js'),
    ]);
    const { env, version } = world;
    return s3Blobs(openS3({ env, version, url: settings.s3, world: transferWorld(world) }));
  }
  const { directoryBlobs } = await import('../platform/local/artifacts.js');
  const own = typeof settings === 'object' && 'directory' in settings;
  return directoryBlobs({ folder: own ? resolve(root, settings.directory) : join(store, 'artifacts') });
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
