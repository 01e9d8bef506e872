import { setTimeout as sleep } from 'node:timers/promises';
import type { ArtifactStore, Blobs, TransferWorld } from '../src/artifacts/ports.js';
import { artifactStore } from '../src/artifacts/store.js';
import { directoryBlobs } from '../src/platform/local/artifacts.js';
import { localFiles } from '../src/platform/local/files.js';

/** Stores of artifacts for tests: the real ones, with waits that are short. */

export function transferScene(cancel = new AbortController().signal): TransferWorld {
  return {
    progress: () => ({ update: () => {}, end: () => {} }),
    wait: async (seconds) => {
      await sleep(seconds);
    },
    now: () => new Date(),
    cancel,
  };
}

export function artifactsOver(blobs: Blobs, root: string, world = transferScene()): ArtifactStore {
  return artifactStore({ blobs, files: localFiles({ root }), world });
}

export function artifactsIn(options: { readonly folder: string; readonly root: string }): ArtifactStore {
  return artifactsOver(directoryBlobs({ folder: options.folder }), options.root);
}
