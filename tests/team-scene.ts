import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ActResult, permissionsAskedFor, releasedAssay, runAct, standIns } from './beds/act.js';
import { startGitServer } from './beds/git-server.mjs';
import { type GitHubBed, gitHubBed } from './beds/github/server.js';
import type { Level } from './beds/github/state.js';
import { ENV, git, write } from './history-scene.js';

/** A team on GitHub: a repository behind a git server and an API, workflows that run, people who push. */
export interface Team {
  readonly bed: GitHubBed;
  /** Clone of a person. */
  readonly folder: string;
  /** Where jobs leave their artifacts. */
  readonly artifacts: string;
  /** Runs a workflow of the team as the event would; the job's token may what the workflow asks for. */
  job(what: JobRequest): Promise<ActResult & { readonly requests: number }>;
  push(...refs: string[]): void;
  /** The commit that GitHub makes to test a pull request, at refs/pull/N/merge. */
  testMerge(number: number, head: string): string;
  end(): Promise<void>;
}

export interface JobRequest {
  readonly event: string;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly workflow: string;
  /** Ref of the server that is checked out. */
  readonly ref: string;
  /** As `fetch-depth` of actions/checkout; 0 is everything. */
  readonly depth?: number;
  readonly fork?: boolean;
}

const REPOSITORY = { id: 1, default_branch: 'main', full_name: 'team/models' };

export async function openTeam(files: Readonly<Record<string, string>>): Promise<Team> {
  const top = mkdtempSync(join(tmpdir(), 'assay-team-'));
  const bed = await gitHubBed('team/models');
  const tokens = new Map<string, Level | undefined>();
  const remote = join(top, 'git', 'team', 'models.git');
  mkdirSync(remote, { recursive: true });
  git(remote, 'init', '--quiet', '--bare', '--initial-branch=main');
  git(remote, 'config', 'http.receivepack', 'true');
  git(remote, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
  const server = await startGitServer({
    root: join(top, 'git'),
    env: ENV,
    fault: ({ authorization, path, query }) => {
      const [, token = ''] =
        /:(.*)$/.exec(Buffer.from((authorization ?? '').replace(/^basic /i, ''), 'base64').toString()) ?? [];
      if (!tokens.has(token)) return { status: 401, headers: { 'www-authenticate': 'Basic realm="git"' } };
      const writes = path.endsWith('/git-receive-pack') || query.includes('git-receive-pack');
      return writes && tokens.get(token) !== 'write' ? { status: 403 } : undefined;
    },
  });
  const folder = join(top, 'person');
  mkdirSync(folder);
  git(folder, 'init', '--quiet', '--initial-branch=main');
  git(folder, 'remote', 'add', 'origin', `file://${remote}`);
  for (const [path, content] of Object.entries(files)) write(folder, path, content);
  git(folder, 'add', '.');
  git(folder, 'commit', '--quiet', '--message', 'Begin');
  const assay = join(top, 'assay');
  const own = Object.entries(files).flatMap(([path, text]) => (path.endsWith('.yml') ? [text] : []));
  const repositories = [
    `OWNER/assay@v1=${assay}`,
    ...standIns(join(top, 'others'), [...releasedAssay(assay), ...own]),
  ];
  const artifacts = join(top, 'artifacts');
  mkdirSync(artifacts);
  const { workflows } = bed.repository;
  for (const path of Object.keys(files).filter((one) => one.startsWith('.github/workflows/'))) {
    workflows.push({ id: workflows.length + 1, path, state: 'active' });
  }
  let jobs = 0;

  return {
    bed,
    folder,
    artifacts,
    push: (...refs) => {
      git(folder, 'push', '--quiet', '--force', 'origin', ...refs);
      syncBranches(bed, remote);
    },
    testMerge: (number, head) => {
      git(folder, 'fetch', '--quiet', 'origin', 'main');
      const tree = git(folder, 'merge-tree', '--write-tree', 'FETCH_HEAD', head);
      const merge = git(
        folder,
        'commit-tree',
        tree,
        '-p',
        'FETCH_HEAD',
        '-p',
        head,
        '-m',
        `Merge ${head} into main`,
      );
      git(
        folder,
        'push',
        '--quiet',
        '--force',
        'origin',
        `${merge}:refs/pull/${number}/merge`,
        `${head}:refs/pull/${number}/head`,
      );
      return merge;
    },
    job: async (what) => {
      const number = ++jobs;
      const at = join(top, `job-${number}`);
      const workspace = join(at, 'models');
      checkout(workspace, { remote, address: server.address, what });
      const asked = permissionsAskedFor(join(workspace, '.github', 'workflows', what.workflow));
      const permissions = what.fork
        ? Object.fromEntries(Object.keys(asked).map((name) => [name, 'read' as const]))
        : asked;
      const variables = bed.env({ permissions });
      const token = variables.GITHUB_TOKEN ?? '';
      tokens.set(token, permissions.contents);
      const before = bed.requests.length;
      const result = await runAct({
        event: what.event,
        payload: { repository: REPOSITORY, ...what.payload },
        folder: workspace,
        workflow: what.workflow,
        token,
        env: {
          ...variables,
          GITHUB_TOKEN: '',
          GITHUB_SERVER_URL: server.address,
          GITHUB_RUN_ID: String(100 + number),
          ASSAY_BED_ARTIFACTS: artifacts,
          ASSAY_BED_CHECKOUT: workspace,
        },
        repositories,
        home: join(at, 'home'),
      });
      syncBranches(bed, remote);
      return { ...result, requests: bed.requests.length - before };
    },
    end: async () => {
      await server.stop();
      await bed.close();
      rmSync(top, { recursive: true, force: true });
    },
  };
}

/** As actions/checkout does it: one commit, detached for a pull request, and no token left behind. */
function checkout(
  workspace: string,
  from: { readonly remote: string; readonly address: string; readonly what: JobRequest },
): void {
  const { remote, address, what } = from;
  const { depth = 0, ref } = what;
  mkdirSync(workspace, { recursive: true });
  git(workspace, 'init', '--quiet', '--initial-branch=main');
  git(workspace, 'remote', 'add', 'origin', `${address}/team/models.git`);
  const flags =
    depth === 0 ? ['+refs/heads/*:refs/remotes/origin/*', '--tags'] : [`--depth=${depth}`, '--no-tags'];
  const branch = /^refs\/heads\/(.*)$/.exec(ref)?.[1];
  const local =
    branch === undefined ? ref.replace(/^refs\//, 'refs/remotes/') : `refs/remotes/origin/${branch}`;
  git(
    workspace,
    'fetch',
    '--quiet',
    ...flags.filter((one) => one.startsWith('--')),
    `file://${remote}`,
    ...flags.filter((one) => one.startsWith('+')),
    `+${ref}:${local}`,
  );
  if (branch === undefined) git(workspace, 'checkout', '--quiet', '--force', local);
  else git(workspace, 'checkout', '--quiet', '--force', '-B', branch, local);
}

/** What the API knows of branches and tags is what was pushed. */
function syncBranches(bed: GitHubBed, remote: string): void {
  const { branches } = bed.repository;
  for (const name of Object.keys(branches)) delete branches[name];
  const lines = git(remote, 'for-each-ref', '--format=%(refname) %(objectname)').split('\n').filter(Boolean);
  for (const line of lines) {
    const [ref = '', sha = ''] = line.split(' ');
    const name = /^refs\/heads\/(.*)$/.exec(ref)?.[1];
    if (name !== undefined) branches[name] = { sha, protected: false };
  }
}
