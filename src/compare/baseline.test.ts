import { describe, expect, it } from 'vitest';
import { runOf } from '../../tests/fakes/run.js';
import type { RunRecord } from '../runs/record.js';
import { type BaselineRequest, baselineInWords, chooseBaseline } from './baseline.js';
import type { Repository } from './ports.js';

/** A history drawn as `main: 1-2-3-4`, `feature: from 2: 5-6`; commits are digits. */
function repositoryOf(branches: Readonly<Record<string, string>>, knowsMergeBase = true): Repository {
  const chain = (commit: string): string[] => {
    for (const commits of Object.values(branches)) {
      const at = commits.indexOf(commit);
      if (at >= 0) return [...commits.slice(0, at + 1)].reverse();
    }
    return [];
  };
  return {
    head: async () => ({ commit: null, branch: null, dirty: false }),
    resolve: async (name) => branches[name]?.at(-1) ?? (chain(name).length > 0 ? name : undefined),
    mergeBase: async (a, b) =>
      knowsMergeBase ? chain(a).find((commit) => chain(b).includes(commit)) : undefined,
    ancestors: async (commit, limit) => chain(commit).slice(0, limit),
  };
}

const BRANCHES = { main: '1234', feature: '1256' };
let clock = 0;
function measured(commit: string | null, fields: Parameters<typeof runOf>[0] = {}): RunRecord {
  clock += 1;
  return runOf({ id: `20260101T000000${String(clock).padStart(3, '0')}Z-00000000`, commit, ...fields });
}

async function choose(request: Partial<BaselineRequest> & { candidate: RunRecord }) {
  return (
    await chooseBaseline({
      policy: 'merge-base',
      targetBranch: 'main',
      runs: [],
      blessed: [],
      live: {},
      repository: repositoryOf(BRANCHES),
      ...request,
    })
  ).choice;
}

describe('chooseBaseline by merge base', () => {
  it('takes the run of the merge base, not the newer one on the target branch', async () => {
    const runs = [measured('4'), measured('2')];
    const candidate = measured('6');
    const choice = await choose({ candidate, runs });
    expect(choice).toEqual({
      run: runs[1]?.id,
      commit: '2',
      why: 'merge base with main',
      first: false,
      behind: 0,
    });
  });

  it('takes the newest of several runs of the merge base', async () => {
    const [older, newer] = [measured('2'), measured('2')];
    expect((await choose({ candidate: measured('6'), runs: [newer, older] })).run).toBe(newer.id);
  });

  it('never compares with an earlier push of the same pull request', async () => {
    const runs = [measured('5', { branch: 'feature' }), measured('1')];
    const choice = await choose({ candidate: measured('6', { branch: 'feature' }), runs });
    expect(choice.commit).toBe('1');
    expect(choice.behind).toBe(1);
    expect(choice.why).toBe('nearest measured ancestor of the merge base with main (2)');
  });

  it('falls back to the newest run on the target branch and says so', async () => {
    const choice = await choose({
      candidate: measured('6'),
      runs: [measured('4')].map((run) => ({ ...run, id: '20250101T000000000Z-00000000' })),
    });
    expect(choice).toMatchObject({ commit: '4', why: 'newest run on main', behind: null });
  });

  it('does so too when the merge base cannot be known', async () => {
    const runs = [{ ...measured('4'), id: '20250101T000000000Z-00000000' }];
    const choice = await choose({
      candidate: measured('6'),
      runs,
      repository: repositoryOf({ main: '4', feature: '6' }, false),
    });
    expect(choice.why).toBe('newest run on main');
  });

  it('on the target branch itself takes the nearest measured ancestor', async () => {
    const runs = [measured('2'), measured('1')];
    expect(await choose({ candidate: measured('4'), runs })).toMatchObject({
      commit: '2',
      why: 'nearest measured ancestor',
      behind: 2,
    });
  });

  it('compares uncommitted changes with the clean run of the same commit', async () => {
    const clean = measured('4');
    const choice = await choose({ candidate: measured('4', { dirty: true }), runs: [clean] });
    expect(choice).toMatchObject({
      run: clean.id,
      why: 'this commit without the uncommitted changes',
      behind: 0,
    });
  });

  it('passes over dirty runs, and over the same commit run again', async () => {
    const runs = [measured('4'), measured('3', { dirty: true }), measured('1')];
    expect((await choose({ candidate: measured('4'), runs })).commit).toBe('1');
  });

  it('never takes a later run, nor a reproduction', async () => {
    const candidate = measured('6');
    const runs = [
      measured('2'),
      { ...measured('2', { purpose: 'reproduce' }), id: '20250101T000000000Z-00000000' },
    ];
    expect(await choose({ candidate, runs })).toMatchObject({ run: null, first: true });
  });

  it('outside git takes the newest earlier run', async () => {
    const runs = [measured(null), measured(null)].reverse();
    const choice = await choose({
      candidate: measured(null),
      runs,
      repository: undefined,
      targetBranch: undefined,
    });
    expect(choice.run).toBe(runs[0]?.id);
    expect(choice.why).toContain('not a git repository');
  });

  it('says plainly that there is none', async () => {
    const choice = await choose({ candidate: measured('6') });
    expect(choice).toEqual({
      run: null,
      commit: null,
      why: 'this is the first run of this model',
      first: true,
      behind: null,
    });
    expect(baselineInWords(choice)).toBe('no baseline: this is the first run of this model');
  });
});

describe('chooseBaseline by name', () => {
  it('a run, by a prefix of its id', async () => {
    const run = measured('1');
    expect((await choose({ candidate: measured('6'), runs: [run], policy: `run:${run.id}` })).run).toBe(
      run.id,
    );
    await expect(choose({ candidate: measured('6'), runs: [run], policy: 'run:1999' })).rejects.toThrow(
      'the baseline run "1999" is not in the history',
    );
    await expect(
      choose({ candidate: measured('6'), runs: [run, measured('2')], policy: 'run:2026' }),
    ).rejects.toThrow('fits several runs');
  });

  it('what is live on a stage, and nothing when the stage is empty', async () => {
    const run = measured('1');
    const request = { candidate: measured('6'), runs: [run], policy: 'stage:prod' };
    expect(await choose({ ...request, live: { prod: run.id } })).toMatchObject({
      run: run.id,
      why: 'live on prod',
    });
    expect(await choose(request)).toMatchObject({ run: null, first: true });
    expect(await choose({ ...request, live: { prod: 'gone' } })).toMatchObject({ run: null, first: false });
  });

  it('a blessed run, and a branch', async () => {
    const run = measured('1');
    const request = { candidate: measured('6'), runs: [run] };
    expect((await choose({ ...request, policy: 'blessed', blessed: [run.id] })).run).toBe(run.id);
    expect((await choose({ ...request, policy: 'blessed' })).why).toContain('assay accept');
    expect((await choose({ ...request, policy: 'branch:main' })).why).toBe('newest run on main');
    expect((await choose({ ...request, policy: 'branch:gone' })).run).toBeNull();
  });
});
