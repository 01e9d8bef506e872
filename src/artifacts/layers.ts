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
