import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseInput } from '../src/commands/command-line/input.js';
import type { Outcome } from '../src/commands/command-line/verb.js';
import { openProject, type Project } from '../src/commands/project/project.js';
import { VERBS } from '../src/commands/verbs.js';
import type { AnyRecord, RecordKind } from '../src/history/record.js';
import type { RunRecord } from '../src/runs/record.js';
import type { World } from '../src/world.js';
import { metricOf, runOf } from './fakes/run.js';
import { testWorld } from './fakes/world.js';
import { git, makeRepository, openScene, write } from './history-scene.js';

/** A real repository with real stores, and runs of a model `income` put into its history as `assay train` would. */
export interface RegistryScene {
  readonly folder: string;
  readonly project: Project;
  /** Remarks and output of the verbs so far. */
  readonly lines: readonly string[];
  /** Runs a verb as words on a command line. */
  assay(words: string, options?: Partial<Pick<World, 'cancel' | 'terminal'>>): Promise<Outcome>;
  /** A commit and a succeeded run of it whose model has that text and whose roc_auc is that. */
  train(rocAuc: number, fields?: Partial<RunRecord>): Promise<RunRecord>;
  records(kind: RecordKind): Promise<readonly AnyRecord[]>;
  end(): void;
}

export async function openRegistryScene(
  config: string,
  options: { readonly inGit?: boolean } = {},
): Promise<RegistryScene> {
  const { inGit = true } = options;
  const scene = openScene();
  const folder = join(scene.folder, 'repository');
  if (inGit) makeRepository(folder, 1);
  write(folder, 'assay.yml', config);
  if (inGit) {
    git(folder, 'add', 'assay.yml');
    git(folder, 'commit', '--quiet', '--message', 'config');
  }
  const world = testWorld({ cwd: folder });
  const project = await openProject(world, 'assay.yml');
  let trained = 0;
  return {
    folder,
    project,
    lines: world.lines,
    assay: (words, options = {}) => runVerb({ ...world, ...options }, words),
    train: async (rocAuc, fields = {}) => {
      trained++;
      write(folder, 'out/model.bin', `model ${trained}`);
      write(folder, 'out/predictions.csv', `id,y_true\n${trained},1\n`);
      if (inGit) git(folder, 'commit', '--quiet', '--allow-empty', '--message', `training ${trained}`);
      const commit = inGit ? git(folder, 'rev-parse', 'HEAD') : null;
      const store = await project.artifacts();
      const run = runOf({
        ...project.stamp(),
        commit,
        metrics: [metricOf('roc_auc', rocAuc)],
        artifacts: [
          await store.put('model', join(folder, 'out/model.bin')),
          await store.put('predictions', join(folder, 'out/predictions.csv')),
        ],
        ...fields,
      });
      await (await project.history()).append([run]);
      return run;
    },
    // A project of its own: each reads the history once, and the verbs of the scene append to it.
    records: async (kind) => {
      const now = await openProject(world, 'assay.yml');
      return (await now.history()).list({ kind, owner: 'income' });
    },
    end: scene.end,
  };
}

/** Runs a verb as words on a command line; double quotes keep words together. */
export async function runVerb(world: World, words: string): Promise<Outcome> {
  const [name = '', ...rest] = words.match(/"[^"]*"|\S+/g)?.map((word) => word.replace(/"/g, '')) ?? [];
  const verb = await VERBS[name]?.load();
  if (!verb) throw new Error(`no verb ${name}`);
  return verb.run(parseInput(verb.spec, rest), world);
}

/** File names and texts of a release as the local store keeps it. */
export function releaseFiles(scene: RegistryScene, tag: string): Readonly<Record<string, string>> {
  const releases = join(scene.folder, '.assay', 'releases');
  const folder = readdirSync(releases).find((name) => {
    const release = JSON.parse(readFileSync(join(releases, name, 'release.json'), 'utf8')) as { tag: string };
    return release.tag === tag;
  });
  if (folder === undefined) throw new Error(`no release ${tag}`);
  const assets = join(releases, folder, 'assets');
  return Object.fromEntries(
    readdirSync(assets).map((name) => [name, readFileSync(join(assets, name), 'utf8')]),
  );
}
