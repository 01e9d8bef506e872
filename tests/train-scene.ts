import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseInput } from '../src/commands/command-line/input.js';
import type { Outcome } from '../src/commands/command-line/verb.js';
import { openProject } from '../src/commands/project/project.js';
import { VERBS } from '../src/commands/verbs.js';
import { readRecords } from '../src/history/read.js';
import { type RunRecord, runRecord } from '../src/runs/record.js';
import type { World } from '../src/world.js';
import { testWorld } from './fakes/world.js';
import { git, openScene, write } from './history-scene.js';

/** A folder (or a git repository) with an assay.yml, in which verbs run as they do for a user. */
export interface TrainScene {
  readonly folder: string;
  /** What the verbs told at the terminal so far: `out: line of the command`, `warn: …`. */
  readonly lines: readonly string[];
  write(path: string, content: string): void;
  read(path: string): string;
  exists(path: string): boolean;
  git(...words: string[]): string;
  /** Runs a verb with words as on a command line. */
  assay(...words: string[]): Promise<Outcome>;
  /** Newest first. */
  runs(): Promise<readonly RunRecord[]>;
  end(): void;
}

export function openTrainScene(
  files: Readonly<Record<string, string>>,
  options: {
    readonly inGit?: boolean;
    readonly env?: Readonly<Record<string, string>>;
    readonly runner?: Partial<World['runner']>;
  } = {},
): TrainScene {
  const scene = openScene();
  const folder = join(scene.folder, 'project');
  for (const [path, content] of Object.entries(files)) write(folder, path, content);
  if (options.inGit) {
    git(folder, 'init', '--quiet', '--initial-branch=main');
    git(folder, 'add', '--all');
    git(folder, 'commit', '--quiet', '--message', 'start');
  }
  const base = testWorld({ cwd: folder, ...(options.runner && { runner: options.runner }) });
  const world = { ...base, env: { ...base.env, ...options.env } };
  return {
    folder,
    lines: base.lines,
    write: (path, content) => write(folder, path, content),
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    exists: (path) => existsSync(join(folder, path)),
    git: (...words) => git(folder, ...words),
    async assay(name, ...words) {
      const verb = await VERBS[name ?? '']?.load();
      if (!verb) throw new Error(`no verb ${name}`);
      return verb.run(parseInput(verb.spec, words), world);
    },
    async runs() {
      const project = await openProject(world, 'assay.yml');
      return readRecords(await project.history(), { kind: 'run' }, runRecord);
    },
    end: scene.end,
  };
}
