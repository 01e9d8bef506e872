import { UserError } from '../../src/errors.js';
import type { ReleaseAsset, Releases, Tags } from '../../src/registry/ports.js';

export interface MemoryRelease {
  body: string;
  published: boolean;
  readonly assets: Map<string, ReleaseAsset>;
}

/** Releases in memory. `calls` tells what was asked; `failOn` makes a call throw, as a killed job or a broken host would. */
export function memoryReleases(
  options: { failOn?: (call: string) => boolean } = {},
): Releases & { readonly calls: string[]; readonly all: Map<string, MemoryRelease> } {
  const calls: string[] = [];
  const all = new Map<string, MemoryRelease>();
  const call = (name: string) => {
    if (options.failOn?.(name)) throw new Error(`killed at ${name}`);
    calls.push(name);
  };
  const draft = (tag: string) => {
    const release = all.get(tag);
    if (release && !release.published) return release;
    throw new UserError(`${tag} is no draft`);
  };
  return {
    calls,
    all,
    createDraft: async ({ tag, body }) => {
      call(`draft ${tag}`);
      const there = all.get(tag);
      if (there) draft(tag).body = body;
      else all.set(tag, { body, published: false, assets: new Map() });
    },
    upload: async (tag, asset) => {
      call(`upload ${asset.name}`);
      draft(tag).assets.set(asset.name, asset);
    },
    publish: async (tag) => {
      call(`publish ${tag}`);
      const release = all.get(tag);
      if (!release) throw new UserError(`there is no ${tag}`);
      release.published = true;
      return { url: `https://example.test/${tag}` };
    },
    find: async (tag) => {
      const release = all.get(tag);
      return release && { published: release.published, assets: [...release.assets.values()] };
    },
  };
}

/** Tags in memory: name to commit. */
export function memoryTags(
  initial: Readonly<Record<string, string>> = {},
): Tags & { readonly all: Map<string, string> } {
  const all = new Map(Object.entries(initial));
  return {
    all,
    create: async (tag, commit) => {
      const there = all.get(tag);
      if (there !== undefined && there !== commit) throw new UserError(`the tag ${tag} exists on ${there}`);
      all.set(tag, commit);
    },
    list: async (prefix) => [...all.keys()].filter((tag) => tag.startsWith(prefix)).sort(),
  };
}
