import { join } from 'node:path';
import { parseInput } from '../src/commands/command-line/input.js';
import { VERBS } from '../src/commands/verbs.js';
import type { AnyRecord } from '../src/history/record.js';
import type { ModelFacts } from '../src/report/facts.js';
import type { World } from '../src/world.js';
import { type GitHubBed, gitHubBed } from './beds/github/server.js';
import type { Token } from './beds/github/state.js';
import { testWorld } from './fakes/world.js';
import { ENV, git, makeRepository, openHistory, openScene, write } from './history-scene.js';

/** A repository of a team, its pull request 7 on the bed, and verbs that run in its jobs. */
export interface GitHubScene {
  readonly bed: GitHubBed;
  readonly folder: string;
  /** Commit at the head of the pull request. */
  readonly head: string;
  /** Puts records into the history, for the head. */
  record(facts: ModelFacts): Promise<void>;
  /** Runs a verb in a job of the event pull_request, unless `runner` says otherwise. */
  run(
    verb: string,
    words?: readonly string[],
    options?: { readonly token?: Partial<Token>; readonly runner?: Partial<World['runner']> },
  ): Promise<
    Awaited<ReturnType<Awaited<ReturnType<(typeof VERBS)[string]['load']>>['run']>> & { lines: string[] }
  >;
  end(): Promise<void>;
}

export const CONFIG = [
  'data: { adult: { source: data/adult.csv, columns: { age: { type: integer } } } }',
  'models:',
  '  income:',
  '    data: [adult]',
  '    train: { run: node train.mjs }',
  '    metrics: { from: [metrics.json] }',
  '    gate: [{ metric: roc_auc, slices: all }]',
].join('\n');

export async function openGitHubScene(
  config = CONFIG,
  files: Readonly<Record<string, string>> = {},
): Promise<GitHubScene> {
  const bed = await gitHubBed();
  const scene = openScene();
  const folder = makeRepository(join(scene.folder, 'code'), 1);
  write(folder, 'assay.yml', config);
  for (const [path, content] of Object.entries(files)) write(folder, path, content);
  write(folder, '.gitignore', 'out/\n.assay/\n');
  git(folder, 'add', '.');
  git(folder, 'commit', '--quiet', '-m', 'assay');
  const head = git(folder, 'rev-parse', 'HEAD');
  bed.repository.pulls.push({
    number: 7,
    state: 'open',
    headSha: head,
    headRef: 'topic',
    headRepo: 'team/models',
    baseRef: 'main',
  });
  const runner: Partial<World['runner']> = {
    kind: 'github',
    actor: 'mona',
    trigger: { event: 'pull_request', url: `${bed.url}/team/models/actions/runs/42`, attempt: 1 },
    pullRequest: { number: 7, targetBranch: 'main', headCommit: head, fromFork: false },
  };
  const { clock, randomness } = testWorld({ cwd: folder });
  return {
    bed,
    folder,
    head,
    record: async (facts) => {
      const records = [facts.run, facts.comparison, facts.decision, ...facts.validations]
        .filter((one) => one !== undefined)
        .map((one) => ({ ...one, commit: head }) as unknown as AnyRecord);
      await openHistory(folder).append(records);
    },
    run: async (name, words = [], options = {}) => {
      const entry = VERBS[name];
      if (!entry) throw new Error(`no verb ${name}`);
      const verb = await entry.load();
      const fresh = testWorld({
        cwd: folder,
        env: { ...ENV, ...bed.env(options.token) },
        runner: { ...runner, ...options.runner },
      });
      // One clock and one randomness for all jobs, as the world has.
      const world = { ...fresh, clock, randomness };
      return { ...(await verb.run(parseInput(verb.spec, words), world)), lines: world.lines };
    },
    end: async () => {
      scene.end();
      await bed.close();
    },
  };
}
