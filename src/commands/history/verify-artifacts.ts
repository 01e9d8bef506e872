import type { ArtifactStore, Verified } from '../../artifacts/ports.js';
import type { World } from '../../world.js';
import type { Problem } from './verify.js';

/** An artifact as records name it. */
export interface ArtifactUse {
  readonly name: string;
  /** Id of the newest record that names it. */
  readonly by: string;
}

/** An artifact that is gone on purpose. */
export interface Pruned {
  readonly digest: string;
  readonly name: string;
  readonly by: string;
  /** Id of the record that says so. */
  readonly pruning: string;
}

/** A remote store is asked about as many at once; the answer to one takes a round trip. */
const AT_ONCE = 8;

/**
 * Whether each artifact is in the store as a whole, and with `content`, whether it is what its digest says. What a pruning
 * was to remove may be missing; what a later record names again may not.
 * @throws OutsideError when the store cannot be asked
 */
export async function verifyArtifacts(
  store: ArtifactStore,
  request: {
    readonly artifacts: ReadonlyMap<string, ArtifactUse>;
    readonly prunings: ReadonlyMap<string, string>;
    readonly content: boolean;
    readonly world: World;
  },
): Promise<{ readonly pruned: readonly Pruned[]; readonly problems: readonly Problem[] }> {
  const { artifacts, prunings, content, world } = request;
  const pending = [...artifacts];
  const states = new Map<string, Verified>();
  const progress = world.terminal.progress(content ? 'reading artifacts' : 'looking for artifacts');
  const work = async () => {
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      world.cancel.throwIfAborted();
      states.set(next[0], await store.verify(next[0], { content }));
      progress.update(states.size, artifacts.size);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    pending.length = 0;
    progress.end();
  }
  const pruned: Pruned[] = [];
  const problems: Problem[] = [];
  for (const [digest, { name, by }] of artifacts) {
    const { state, detail } = states.get(digest) ?? { state: 'missing', detail: 'it was not looked for' };
    const pruning = prunings.get(digest);
    if (state === 'whole') continue;
    if (state === 'missing' && pruning !== undefined && by < pruning)
      pruned.push({ digest, name, by, pruning });
    else problems.push({ kind: 'artifact', where: by, what: `its artifact ${name} is ${state}: ${detail}` });
  }
  return { pruned, problems };
}
