import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { proposeComments, proposeWorkflow } from '../src/survey/workflow.js';
import { ACT, type ActResult } from './beds/act.js';
import { conversation } from './beds/github/server.js';
import type { Pull } from './beds/github/state.js';
import { zipOf } from './beds/zip.js';
import { git, write } from './history-scene.js';
import { type JobRequest, openTeam, type Team } from './team-scene.js';

/** A team's workflows as they run, from the `uses:` line to what people see on GitHub. */

const PERMISSIONS = '{ contents: write, pull-requests: write, checks: write }';
const FILES = {
  '.github/workflows/assay.yml': `on: { pull_request: , push: { branches: [main] } }
permissions: {}
jobs:
  assay:
    permissions: ${PERMISSIONS}
    uses: OWNER/assay/.github/workflows/pull-request.yml@v1
`,
  '.github/workflows/assay-publish.yml': `on: { workflow_run: { workflows: [assay], types: [completed] } }
permissions: {}
jobs:
  publish:
    permissions: { contents: read, actions: read, pull-requests: write, checks: write }
    uses: OWNER/assay/.github/workflows/publish.yml@v1
`,
  '.github/workflows/release.yml': `on: { workflow_dispatch: }
permissions: {}
jobs:
  release:
    permissions: { contents: write, actions: write, id-token: write, attestations: write }
    uses: OWNER/assay/.github/workflows/release.yml@v1
    with: { start: deploy.yml }
`,
  '.github/workflows/deploy.yml': `on:
  release: { types: [published] }
  workflow_dispatch:
    inputs:
      version: { required: true }
      action: { default: promote }
permissions: {}
jobs:
  deploy:
    permissions: { contents: write, deployments: write }
    uses: OWNER/assay/.github/workflows/deploy.yml@v1
    with:
      version: \${{ inputs.version || github.event.release.tag_name }}
      to: prod
      action: \${{ inputs.action || 'promote' }}
`,
  'assay.yml': `models:
  income:
    train: { run: node train.mjs, outputs: { model: out/model.bin }, seeds: [1, 2, 3] }
    metrics: { from: [out/metrics.json], rules: { accuracy: { direction: higher, tolerance: 0.002 } } }
    gate: [{ metric: accuracy }]
    deploy: { prod: { run: node deploy.mjs } }
`,
  'train.mjs': training(0.9),
  'deploy.mjs': `import { appendFileSync } from 'node:fs';
appendFileSync(process.env.ASSAY_OUTPUT, 'url=https://income.example.test');
`,
  '.gitignore': '.assay/\nout/\n',
};

function training(accuracy: number): string {
  return `import { mkdirSync, writeFileSync } from 'node:fs';
mkdirSync('out', { recursive: true });
const seed = Number(process.env.ASSAY_SEED);
writeFileSync('out/model.bin', 'weights of ${accuracy} ' + seed);
writeFileSync('out/metrics.json', JSON.stringify({ accuracy: ${accuracy} + seed / 10000 }));
`;
}

const MAIN = {
  event: 'push',
  ref: 'refs/heads/main',
  workflow: 'assay.yml',
  payload: { ref: 'refs/heads/main' },
};

/** @param repository id of where the head is: 1 is the team's own */
function onPull(head: string, repository = 1): JobRequest {
  const pull = {
    number: 7,
    base: { ref: 'main', repo: { id: 1 } },
    head: { ref: 'topic', sha: head, repo: { id: repository } },
  };
  return {
    event: 'pull_request',
    ref: 'refs/pull/7/merge',
    workflow: 'assay.yml',
    payload: { action: 'synchronize', number: 7, pull_request: pull },
    fork: repository !== 1,
  };
}

function byHand(workflow: string, inputs: Readonly<Record<string, string>>): JobRequest {
  return {
    event: 'workflow_dispatch',
    ref: 'refs/heads/main',
    workflow,
    payload: { ref: 'refs/heads/main', inputs },
  };
}

/** Fails with the end of the job's log. */
function green({ ok, log }: ActResult): void {
  expect(ok, log.slice(-4000)).toBe(true);
}

/** Ids, times, sizes and addresses differ from run to run; commits are named by what they are. */
function told(team: Team, from: number, commits: Readonly<Record<string, string>>): string {
  let text = conversation({ ...team.bed, requests: team.bed.requests.slice(from) });
  for (const [name, sha] of Object.entries(commits))
    text = text.replaceAll(sha, `<${name}>`).replaceAll(sha.slice(0, 7), `<${name}>`);
  return text
    .replace(/\d{8}T\d{9}Z-[0-9a-f]{8}/g, '<id>')
    .replace(/\b[0-9a-f]{64}\b/g, '<digest>')
    .replace(/http:\/\/127\.0\.0\.1:\d+/g, 'https://git.test')
    .replace(/wanted [-\d:.TZ]+/g, 'wanted <time>')
    .replace(/\(\d+ more lines\)/g, '(more lines)');
}

describe.skipIf(ACT === undefined)('workflows of a team, run by act (left out where there is none)', () => {
  let team: Team;
  beforeEach(async () => {
    team = await openTeam(FILES);
    team.push('main');
  }, 60_000);
  afterEach(() => team.end(), 60_000);

  test('push, pull request, second push, merge, release, deployment, rollback', {
    timeout: 600_000,
  }, async () => {
    const { bed, folder } = team;
    const commits: Record<string, string> = {};
    const steps: string[] = [];
    const commit = (name: string, files: Readonly<Record<string, string>>): string => {
      for (const [path, content] of Object.entries(files)) write(folder, path, content);
      git(folder, 'add', '.');
      git(folder, 'commit', '--quiet', '--message', name);
      const made = git(folder, 'rev-parse', 'HEAD');
      commits[name] = made;
      return made;
    };
    const job = async (name: string, what: JobRequest) => {
      const from = bed.requests.length;
      const result = await team.job(what);
      steps.push(`## ${name}: ${result.ok ? 'green' : 'red'}\n\n${told(team, from, commits)}`);
      return result;
    };
    commits.begin = git(folder, 'rev-parse', 'HEAD');
    const first = await job('push to main', MAIN);
    expect(first).toMatchObject({ ok: true, requests: expect.any(Number) });

    git(folder, 'checkout', '--quiet', '-b', 'topic');
    const worse = commit('worse', { 'train.mjs': training(0.85) });
    const pull: Pull = {
      number: 7,
      state: 'open',
      headSha: worse,
      headRef: 'topic',
      headRepo: 'team/models',
      baseRef: 'main',
    };
    bed.repository.pulls.push(pull);
    team.push('topic');
    commits.merge1 = team.testMerge(7, worse);
    const red = await job('pull request', onPull(worse));
    expect(red.ok).toBe(false);
    expect(red.requests).toBeLessThanOrEqual(25);
    const [comment] = bed.repository.comments;
    expect(comment?.body).toContain('❌ income: reject');

    const better = commit('better', { 'train.mjs': training(0.95) });
    pull.headSha = better;
    team.push('topic');
    commits.merge2 = team.testMerge(7, better);
    const second = await job('second push', onPull(better));
    green(second);
    expect(second.requests).toBeLessThanOrEqual(25);
    expect(bed.repository.comments).toHaveLength(1);
    expect(bed.repository.comments[0]?.body).toContain('✅ income: promote — better');

    git(folder, 'checkout', '--quiet', 'main');
    git(folder, 'merge', '--quiet', '--no-ff', '--message', 'Merge', 'topic');
    commits.merged = git(folder, 'rev-parse', 'HEAD');
    pull.state = 'closed';
    team.push('main');
    green(await job('merge', MAIN));

    const released = await job('release', byHand('release.yml', {}));
    green(released);
    expect(bed.repository.dispatches).toEqual([
      { kind: 'workflow deploy.yml', body: { ref: 'main', inputs: { version: 'income@v1.0.0' } } },
    ]);
    expect(
      (await job('deployment', byHand('deploy.yml', { version: 'income@v1.0.0', action: 'promote' }))).ok,
    ).toBe(true);
    expect(bed.repository.deployments).toMatchObject([
      {
        sha: commits.merged,
        fields: { environment: 'prod' },
        statuses: [
          { state: 'in_progress' },
          { state: 'success', environment_url: 'https://income.example.test/' },
        ],
      },
    ]);

    commit('best', { 'train.mjs': training(0.97) });
    team.push('main');
    green(await job('another push', MAIN));
    green(await job('another release', byHand('release.yml', {})));
    // Nothing starts a workflow on a release that a job made; one that a person published does.
    green(
      await job('release published by a person', {
        event: 'release',
        ref: 'refs/tags/income@v1.1.0',
        workflow: 'deploy.yml',
        payload: {
          action: 'published',
          ref: 'refs/tags/income@v1.1.0',
          release: { tag_name: 'income@v1.1.0' },
        },
      }),
    );
    green(await job('rollback', byHand('deploy.yml', { version: 'income', action: 'rollback' })));
    expect(bed.repository.deployments.at(-1)).toMatchObject({ sha: commits.merged });
    await expect(steps.join('\n\n')).toMatchFileSnapshot('__snapshots__/github-workflows.md');
  });

  test('a fork: its job writes nothing, and the one that follows tells what it measured', {
    timeout: 300_000,
  }, async () => {
    const { bed, folder } = team;
    green(await team.job(MAIN));
    const records = bed.repository.branches.assay?.sha;
    expect(records).toMatch(/^[0-9a-f]{40}$/);

    git(folder, 'checkout', '--quiet', '-b', 'topic');
    write(folder, 'train.mjs', training(0.95));
    git(folder, 'commit', '--quiet', '--all', '--message', 'better');
    const head = git(folder, 'rev-parse', 'HEAD');
    bed.repository.pulls.push({
      number: 7,
      state: 'open',
      headSha: head,
      headRef: 'topic',
      headRepo: 'stranger/models',
      baseRef: 'main',
    });
    team.testMerge(7, head);
    const from = bed.requests.length;
    const measured = await team.job(onPull(head, 2));
    green(measured);
    expect(measured.log).toContain('The comment comes from a second workflow');
    expect(bed.repository).toMatchObject({ comments: [], branches: { assay: { sha: records } } });
    // Nothing that writes was even asked for.
    expect(bed.requests.slice(from).filter(({ method }) => method !== 'GET')).toEqual([]);

    const bundle = readFileSync(join(team.artifacts, 'assay-report.json'), 'utf8');
    bed.repository.runs.push({
      id: 900,
      headSha: head,
      headBranch: 'topic',
      headRepo: 'stranger/models',
      event: 'pull_request',
    });
    const zip = zipOf([{ name: 'assay-report.json', content: bundle }]);
    bed.repository.artifacts.push({ id: 901, run: 900, name: 'assay-report', zip });
    const published = await team.job({
      event: 'workflow_run',
      ref: 'refs/heads/main',
      workflow: 'assay-publish.yml',
      payload: { action: 'completed', workflow_run: { id: 900, event: 'pull_request' } },
    });
    green(published);
    const [comment] = bed.repository.comments;
    expect(comment?.body).toContain('✅ income: promote — better');
    expect(comment?.body).toContain('Measured by the job of a fork');
    expect(bed.repository.checks.at(-1)?.fields).toMatchObject({ head_sha: head });
    expect(published.requests).toBeLessThanOrEqual(25);
  });

  test('the workflows that init writes: a push, a pull request, and a comment that is obeyed', {
    timeout: 600_000,
  }, async () => {
    const options = { language: undefined, branch: 'main', config: 'assay.yml' };
    const mine = await openTeam({
      ...FILES,
      '.github/workflows/assay.yml': proposeWorkflow(options),
      '.github/workflows/assay-comments.yml': proposeComments(options),
    });
    try {
      const { bed, folder } = mine;
      mine.push('main');
      green(await mine.job(MAIN));
      git(folder, 'checkout', '--quiet', '-b', 'topic');
      write(folder, 'train.mjs', training(0.85));
      git(folder, 'commit', '--quiet', '--all', '--message', 'worse');
      const head = git(folder, 'rev-parse', 'HEAD');
      bed.repository.pulls.push({
        number: 7,
        state: 'open',
        headSha: head,
        headRef: 'topic',
        headRepo: 'team/models',
        baseRef: 'main',
      });
      mine.testMerge(7, head);
      expect((await mine.job(onPull(head))).ok).toBe(false);

      const say = async (id: number, author: string) => {
        const body = '/assay accept because the labels were corrected';
        bed.repository.comments.push({
          id,
          issue: 7,
          author: { login: author, type: 'User' },
          body,
          minimized: null,
          reactions: [],
        });
        return mine.job({
          event: 'issue_comment',
          ref: 'refs/heads/main',
          workflow: 'assay-comments.yml',
          payload: {
            action: 'created',
            issue: { number: 7, pull_request: {} },
            comment: { id, body, user: { login: author } },
          },
        });
      };
      Object.assign(bed.repository.people, { mona: 'write', stranger: 'read' });
      const records = bed.repository.branches.assay?.sha;
      green(await say(501, 'stranger'));
      expect(bed.repository.branches.assay?.sha).toBe(records);
      expect(bed.repository.comments.find(({ id }) => id === 501)?.reactions).toEqual(['-1']);
      green(await say(502, 'mona'));
      expect(bed.repository.branches.assay?.sha).not.toBe(records);
      expect(bed.repository.comments.find(({ id }) => id === 502)?.reactions).toEqual(['eyes', 'rocket']);
      expect(bed.repository.comments.at(-1)?.body).toMatch(
        /^> `\/assay accept because the labels were corrected`/,
      );
    } finally {
      await mine.end();
    }
  });
});
