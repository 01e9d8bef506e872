import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openProject } from '../src/commands/project/project.js';
import { newRecordId } from '../src/history/record.js';
import { metricOf, runOf } from './fakes/run.js';
import { testWorld } from './fakes/world.js';
import { clone, git, makeRemote, makeRepository, openScene, write } from './history-scene.js';
import { runVerb } from './registry-scene.js';

/** Two machines (or two jobs) that share a remote and nothing else. */

const CONFIG = 'models: { income: { train: { run: node train.mjs }, metrics: { from: [m.json] } } }\n';

/** A clone as a CI job sees it, with a run of that commit and hour in its history. */
async function machine(folder: string, hour: number) {
  const world = { ...testWorld({ cwd: folder, runner: { kind: 'github' } }) };
  const start = Date.UTC(2026, 0, 1, hour);
  let ticks = 0;
  const clock = { ...world.clock, now: () => new Date(start + 1000 * ticks++) };
  const project = await openProject({ ...world, clock }, 'assay.yml');
  const run = runOf({
    id: newRecordId(clock.now(), Uint8Array.from([hour, 0, 0, 0])),
    commit: git(folder, 'rev-parse', 'HEAD'),
    metrics: [metricOf('roc_auc', 0.9)],
  });
  await (await project.history()).append([run]);
  return { ...world, clock };
}

describe('two machines and one remote', () => {
  it('go on from each other, and never take the same number', async () => {
    const scene = openScene();
    onTestFinished(scene.end);
    const origin = makeRepository(join(scene.folder, 'origin'), 1);
    write(origin, 'assay.yml', CONFIG);
    git(origin, 'add', 'assay.yml');
    git(origin, 'commit', '--quiet', '--message', 'config');
    const remote = makeRemote(origin, join(scene.folder, 'remote.git'));
    const ada = await machine(clone(remote, join(scene.folder, 'ada')), 1);
    expect((await runVerb(ada, 'register income')).outputs.version).toBe('income@v1.0.0');
    await runVerb(ada, 'promote income@1.0.0 --to prod');

    write(ada.cwd, 'train.py', 'print(2)\n');
    git(ada.cwd, 'commit', '--quiet', '--all', '--message', 'change');
    git(ada.cwd, 'push', '--quiet', 'origin', 'main');
    const bob = await machine(clone(remote, join(scene.folder, 'bob'), '--no-tags'), 2);
    expect((await runVerb(bob, 'register income')).outputs.version).toBe('income@v1.1.0');
    expect((await runVerb(bob, 'promote income@1.1.0 --to prod')).outputs['stage-tag']).toBe('income#prod#2');

    const back = await runVerb(ada, 'rollback income --stage prod');
    expect(back).toMatchObject({
      exit: 0,
      outputs: { version: 'income@v1.0.0', 'stage-tag': 'income#prod#3' },
    });
    await expect(runVerb(bob, 'rollback income --stage prod')).rejects.toThrow(/nothing to roll back to/);

    // Both at once, to different versions: each gets a number of its own, or is told that the other was first.
    const both = await Promise.allSettled([
      runVerb(ada, 'rollback income --stage prod --to 1.1.0'),
      runVerb(bob, 'rollback income --stage prod --to 1.1.0'),
    ]);
    expect(both.some((result) => result.status === 'fulfilled')).toBe(true);
    const tags = git(remote, 'tag', '--list', 'income#prod#*').split('\n');
    expect(tags.slice(0, 4)).toEqual([1, 2, 3, 4].map((number) => `income#prod#${number}`));
    expect((await runVerb(ada, 'promote income@1.1.0 --to prod')).json).toMatchObject({ already_live: true });
  });
});
