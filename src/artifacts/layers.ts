import type { Blobs } from './ports.js';

/**
 * A store to write to, before one that is read as well: the job of a fork's pull request may not write to the shared
 * store, and still needs the artifacts of the baseline from there.
 */
export function layeredBlobs(own: Blobs, shared: Blobs): Blobs {
  return {
    ...own,
    place: `${own.place} and ${shared.place}`,
    stat: async (name) => (await own.stat(name)) ?? shared.stat(name),
    get: async function* (name, from) {
      yield* (await own.stat(name)) ? own.get(name, from) : shared.get(name, from);
    },
    // What only the shared store has is not ours to keep alive.
    touch: async (name) => (await own.touch(name)) || (await shared.stat(name)) !== undefined,
  };
}

/**
 * A store that is written to until it refuses, and another one from then on. A pull request whose token turns out to be
 * read-only is measured all the same; its files stay in the job, as those of a fork do.
 */
export function yieldingBlobs(
  shared: Blobs,
  own: Blobs,
  options: { readonly isRefusal: (error: unknown) => boolean; readonly onRefused: (error: unknown) => void },
): Blobs {
  const layered = layeredBlobs(own, shared);
  let current = shared;
  const orOwn = async <T>(write: (blobs: Blobs) => Promise<T>): Promise<T> => {
    if (current === layered) return write(layered);
    try {
      return await write(shared);
    } catch (error) {
      if (!options.isRefusal(error)) throw error;
      if (current !== layered) options.onRefused(error);
      current = layered;
      return write(layered);
    }
  };
  return {
    ...shared,
    stat: (name) => current.stat(name),
    get: (name, from) => current.get(name, from),
    put: (name, content) => orOwn((blobs) => blobs.put(name, content)),
    touch: (name) => orOwn((blobs) => blobs.touch(name)),
  };
}
