import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ArtifactStore } from '../../artifacts/ports.js';
import type { Repository } from '../../compare/ports.js';
import type { LoadedConfig, Placed } from '../../config/load.js';
import type { ModelConfig } from '../../config/model.js';
import { UserError } from '../../errors.js';
import type { Archive } from '../../history/archive.js';
import type { History } from '../../history/port.js';
import { newRecordId, type Origin } from '../../history/record.js';
import { snapshotOf } from '../../history/snapshot.js';
import type { Tags } from '../../registry/ports.js';
import type { Processes, Workspace } from '../../runs/ports.js';
import type { World } from '../../world.js';
import { type Host, openHost } from './host.js';
import { once } from './once.js';

/** One assay.yml and the outside world it names; each port is built on first use, and once. */
export interface Project extends Host {
  /** Folder of assay.yml (absolute). */
  readonly root: string;
  /** `.assay/` at the top of the git checkout, or beside assay.yml outside git (absolute). Ignores itself in git. */
  readonly store: string;
  readonly config: LoadedConfig;
  /** Undefined outside a git repository. */
  repository(): Promise<Repository | undefined>;
  history(): Promise<History>;
  /** The same records with their bytes, for moving them and for upkeep. */
  archive(): Promise<Archive>;
  artifacts(): Promise<ArtifactStore>;
  tags(): Promise<Tags>;
  processes(): Promise<Processes>;
  workspace(folder: string): Promise<Workspace>;
  /** Id and time of a new record. */
  stamp(): { readonly id: string; readonly time: string };
  /** Who and what causes the records of this process, and on which commit. */
  origin(): Promise<Origin>;
}

/** @param file path of assay.yml, relative to the working directory; throws UserError when it is missing or wrong */
export async function openProject(
  world: World,
  file: string,
  options: {
    /** The history of the remote is read and written also where it would be kept local, as on a laptop. */
    readonly withRemote?: true;
  } = {},
): Promise<Project> {
  const path = resolve(world.cwd, file);
  const { readConfig } = await import('../../platform/files/config.js');
  const config = await readConfig(path, file);
  for (const warning of config.warnings) world.terminal.warn(warning);
  const root = dirname(path);
  const gitRoot = findGitRoot(root);
  const store = join(gitRoot ?? root, '.assay');
  const git = { folder: root, env: world.env };
  const host = openHost({ world, store });

  const repository = once(async () => {
    if (gitRoot === undefined) return undefined;
    const { gitRepository } = await import('../../platform/git/repository.js');
    return gitRepository({
      ...git,
      warn: world.terminal.warn,
      askMergeBase: async (a, b) => {
        const client = await host.github();
        if (!client) return undefined;
        const { mergeBaseOf } = await import('../../platform/github/merge-base.js');
        return mergeBaseOf(client, { base: b, head: a });
      },
    });
  });

  const opened = once(async () => {
    const settings = config.history;
    if ('branch' in settings && gitRoot !== undefined) {
      const { openGitStore } = await import('../../platform/git/history.js');
      return openGitStore({
        ...git,
        branch: settings.branch,
        push:
          settings.push === 'always' || (settings.push === 'auto' && (options.withRemote || mayPush(world))),
        readRemote: settings.push === 'auto' && world.runner.kind !== 'local',
        randomness: world.randomness,
        clock: world.clock,
        warn: world.terminal.warn,
        onIndexing: indexingProgress(world),
      });
    }
    const { openDirectoryStore } = await import('../../platform/local/history.js');
    const folder = 'directory' in settings ? resolve(root, settings.directory) : join(store, 'history');
    return openDirectoryStore({ folder, warn: world.terminal.warn });
  });

  return {
    root,
    store,
    config,
    ...host,
    repository,
    history: once(async () => snapshotOf((await opened()).history)),
    archive: async () => (await opened()).archive,
    artifacts: once(async () => {
      const { openArtifacts } = await import('./artifacts.js');
      return openArtifacts({ world, settings: config.artifacts, root, store, github: host.github });
    }),
    tags: once(async () => {
      if (gitRoot !== undefined) {
        const { gitTags } = await import('../../platform/git/tags.js');
        return gitTags({ ...git, push: mayPush(world) });
      }
      const { localTags } = await import('../../platform/local/tags.js');
      return localTags({ folder: join(store, 'tags') });
    }),
    processes: once(async () => {
      const { localProcesses } = await import('../../platform/process/processes.js');
      return localProcesses({ env: world.env, clock: world.clock });
    }),
    workspace: async (folder) => {
      const { localWorkspace } = await import('../../platform/files/workspace.js');
      return localWorkspace({ folder });
    },
    stamp: () => {
      const now = world.clock.now();
      return { id: newRecordId(now, world.randomness.bytes(4)), time: now.toISOString() };
    },
    origin: once(async () => {
      const head = await (await repository())?.head();
      return {
        commit: world.runner.pullRequest?.headCommit ?? head?.commit ?? null,
        actor: world.runner.actor,
        trigger: world.runner.trigger,
      };
    }),
  };
}

/** A first reading of a long history takes seconds; a later one, only what is new. */
function indexingProgress({ terminal }: World): (done: number, total: number) => void {
  let progress: ReturnType<World['terminal']['progress']> | undefined;
  return (done, total) => {
    if (total < 50) return;
    progress ??= terminal.progress('reading the history');
    progress.update(done, total);
    if (done < total) return;
    progress.end();
    progress = undefined;
  };
}

/** In CI, but for a fork's pull request: its token cannot write, and its records stay in the job that made them. */
function mayPush({ runner }: World): boolean {
  return runner.kind !== 'local' && runner.pullRequest?.fromFork !== true;
}

/** The nearest folder upwards with a `.git`; undefined outside git. */
export function findGitRoot(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return undefined;
  }
}

/** The models a verb is for: the one named, or all there are. Throws UserError for a name that is not in the config. */
export function chosenModels(
  project: Project,
  name: string | undefined,
): readonly { readonly name: string; readonly model: Placed<ModelConfig> }[] {
  const { models, file } = project.config;
  if (name === undefined) {
    const all = Object.entries(models).map(([name, model]) => ({ name, model }));
    if (all.length > 0) return all;
    throw new UserError(`${file} has no models`, {
      mend: 'add one: models: { my_model: { train: { run: python train.py }, metrics: { from: [metrics.json] } } }',
    });
  }
  const model = models[name];
  if (model) return [{ name, model }];
  throw new UserError(`there is no model "${name}" in ${file}`, {
    mend: `models there are: ${Object.keys(models).join(', ') || 'none'}`,
  });
}
