import { createHash } from 'node:crypto';
import type {
  Asset,
  CheckRun,
  Comment,
  Deployment,
  Pull,
  Release,
  Repository,
  Token,
  WorkflowRun,
} from './state.js';

/** What each operation does. Answers hold what matters; the bed adds what the contract requires besides. */

export interface Context {
  readonly repository: Repository;
  readonly token: Token;
  /** Of the bed. */
  readonly url: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are held against the contract before they come here
  readonly body: any;
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly id: () => number;
}
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}
export interface Handler {
  /** As the header x-accepted-github-permissions names them: any of these. Empty: everybody may. */
  readonly needs: readonly string[];
  readonly run: (context: Context) => Answer;
}

/** "body is too long (maximum is 65536 characters)", for comments; 125,000 for releases. */
const LONGEST_COMMENT = 65_536;
const LONGEST_RELEASE_BODY = 125_000;

export const refuse = (status: number, message: string, errors?: readonly unknown[]): Answer => ({
  status,
  body: {
    message,
    documentation_url: 'https://docs.github.com/rest',
    status: String(status),
    ...(errors ? { errors } : {}),
  },
});
const notFound = () => refuse(404, 'Not Found');
const ok = (body: unknown): Answer => ({ status: 200, body });
const characters = (text: string) => [...text].length;

function page<T>(
  { query, url, params, repository }: Context,
  all: readonly T[],
): { items: readonly T[]; headers: Record<string, string> } {
  const size = Math.min(100, Number(query.get('per_page') ?? 30));
  const number = Number(query.get('page') ?? 1);
  const last = Math.max(1, Math.ceil(all.length / size));
  const at = (to: number) => `<${url}/repos/${repository.name}/${JSON.stringify(params).length}?page=${to}>`;
  return {
    items: all.slice((number - 1) * size, number * size),
    headers: number < last ? { link: `${at(number + 1)}; rel="next", ${at(last)}; rel="last"` } : {},
  };
}

function user(login: string, type: 'Bot' | 'User') {
  return { login, type };
}

function commentBody({ repository, url }: Context, comment: Comment) {
  return {
    id: comment.id,
    node_id: `IC_${comment.id}`,
    body: comment.body,
    html_url: `${url}/${repository.name}/pull/${comment.issue}#issuecomment-${comment.id}`,
    user: user(comment.author.login, comment.author.type),
  };
}

const WRITE_COMMENT = ['issues=write', 'pull_requests=write'];
const comments: Readonly<Record<string, Handler>> = {
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': {
    needs: WRITE_COMMENT,
    run: (context) => {
      const { repository, token, params, body } = context;
      const issue = Number(params.issue_number);
      if (!repository.pulls.some((pull) => pull.number === issue)) return notFound();
      if (characters(body.body) > LONGEST_COMMENT) return tooLong();
      const comment: Comment = {
        id: context.id(),
        issue,
        author: user(token.login, token.type),
        body: body.body,
        minimized: null,
        reactions: [],
      };
      repository.comments.push(comment);
      return { status: 201, body: commentBody(context, comment) };
    },
  },
  'GET /repos/{owner}/{repo}/issues/comments/{comment_id}': {
    needs: [],
    run: (context) => withComment(context, (comment) => ok(commentBody(context, comment))),
  },
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': {
    needs: WRITE_COMMENT,
    run: (context) =>
      withComment(context, (comment) => {
        if (characters(context.body.body) > LONGEST_COMMENT) return tooLong();
        comment.body = context.body.body;
        return ok(commentBody(context, comment));
      }),
  },
  'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}': {
    needs: WRITE_COMMENT,
    run: (context) =>
      withComment(context, (comment) => {
        context.repository.comments.splice(context.repository.comments.indexOf(comment), 1);
        return { status: 204 };
      }),
  },
  'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions': {
    needs: WRITE_COMMENT,
    run: (context) =>
      withComment(context, (comment) => {
        const had = comment.reactions.includes(context.body.content);
        if (!had) comment.reactions.push(context.body.content);
        return { status: had ? 200 : 201, body: { content: context.body.content } };
      }),
  },
};

function tooLong(): Answer {
  return refuse(422, 'Validation Failed', [
    {
      resource: 'IssueComment',
      code: 'unprocessable',
      field: 'data',
      message: `Body is too long (maximum is ${LONGEST_COMMENT} characters)`,
    },
  ]);
}

function withComment(context: Context, use: (comment: Comment) => Answer): Answer {
  const comment = context.repository.comments.find((one) => one.id === Number(context.params.comment_id));
  return comment ? use(comment) : notFound();
}

function pullBody({ repository }: Context, pull: Pull) {
  const base = { ref: pull.baseRef, repo: { id: 1, full_name: repository.name } };
  const head = {
    ref: pull.headRef,
    sha: pull.headSha,
    repo:
      pull.headRepo === null
        ? null
        : { id: pull.headRepo === repository.name ? 1 : 2, full_name: pull.headRepo },
  };
  return { number: pull.number, state: pull.state, base, head };
}

const pulls: Readonly<Record<string, Handler>> = {
  'GET /repos/{owner}/{repo}/pulls': {
    needs: ['pull_requests=read'],
    run: (context) => {
      const { repository, query } = context;
      const [owner, branch] = (query.get('head') ?? '').split(/:(.*)/s);
      const state = query.get('state') ?? 'open';
      const found = repository.pulls.filter(
        (pull) =>
          (state === 'all' || pull.state === state) &&
          (!query.has('head') || (pull.headRepo?.split('/')[0] === owner && pull.headRef === branch)),
      );
      const { items, headers } = page(context, found);
      return { status: 200, headers, body: items.map((pull) => pullBody(context, pull)) };
    },
  },
  'GET /repos/{owner}/{repo}/pulls/{pull_number}': {
    needs: ['pull_requests=read'],
    run: (context) => {
      const pull = context.repository.pulls.find((one) => one.number === Number(context.params.pull_number));
      return pull ? ok(pullBody(context, pull)) : notFound();
    },
  },
  'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls': {
    needs: ['pull_requests=read', 'contents=read'],
    run: (context) => {
      const numbers = context.repository.commitPulls[context.params.commit_sha ?? ''] ?? [];
      return ok(
        context.repository.pulls
          .filter((one) => numbers.includes(one.number))
          .map((one) => pullBody(context, one)),
      );
    },
  },
  'GET /repos/{owner}/{repo}/compare/{basehead}': {
    needs: ['contents=read'],
    run: ({ repository, params }) => {
      const [base = '', head = ''] = (params.basehead ?? '').split('...');
      const sha = repository.mergeBases[params.basehead ?? ''] ?? repository.mergeBaseOf?.(base, head);
      return sha === undefined
        ? notFound()
        : ok({ merge_base_commit: { sha }, status: 'diverged', ahead_by: 1, behind_by: 1, commits: [] });
    },
  },
};

function checkBody(check: CheckRun) {
  const output = (check.fields.output ?? {}) as Record<string, unknown>;
  return {
    id: check.id,
    head_sha: check.sha,
    html_url: `https://github.test/checks/${check.id}`,
    ...check.fields,
    output: {
      title: output.title ?? null,
      summary: output.summary ?? null,
      text: output.text ?? null,
      annotations_count: check.annotations.length,
      annotations_url: 'https://github.test/annotations',
    },
    check_suite: { id: 1 },
    app: null,
    pull_requests: [],
  };
}

const checks: Readonly<Record<string, Handler>> = {
  'POST /repos/{owner}/{repo}/check-runs': {
    needs: ['checks=write'],
    run: ({ repository, body, id }) => {
      const check: CheckRun = {
        id: id(),
        sha: body.head_sha,
        fields: body,
        annotations: [...(body.output?.annotations ?? [])],
      };
      repository.checks.push(check);
      return { status: 201, body: checkBody(check) };
    },
  },
  'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}': {
    needs: ['checks=write'],
    run: ({ repository, params, body }) => {
      const check = repository.checks.find((one) => one.id === Number(params.check_run_id));
      if (!check) return notFound();
      check.fields = {
        ...check.fields,
        ...body,
        output: { ...(check.fields.output ?? {}), ...(body.output ?? {}) },
      };
      check.annotations.push(...(body.output?.annotations ?? []));
      return ok(checkBody(check));
    },
  },
  'GET /repos/{owner}/{repo}/commits/{ref}/check-runs': {
    needs: ['checks=read'],
    run: (context) => {
      const { repository, params, query } = context;
      const name = query.get('check_name');
      const found = repository.checks.filter(
        (one) => one.sha === params.ref && (name === null || one.fields.name === name),
      );
      const { items, headers } = page(context, found);
      return { status: 200, headers, body: { total_count: found.length, check_runs: items.map(checkBody) } };
    },
  },
};

function assetBody({ url, repository }: Context, asset: Asset) {
  return {
    id: asset.id,
    name: asset.name,
    size: asset.bytes.length,
    state: asset.state,
    content_type: asset.contentType,
    digest: `sha256:${createHash('sha256').update(asset.bytes).digest('hex')}`,
    url: `${url}/repos/${repository.name}/releases/assets/${asset.id}`,
    label: asset.label ?? '',
  };
}
function releaseBody(context: Context, release: Release) {
  const { url, repository } = context;
  const name = release.draft ? `untagged-${release.id}` : release.tag;
  return {
    id: release.id,
    tag_name: release.tag,
    name: release.name,
    body: release.body,
    draft: release.draft,
    prerelease: release.prerelease,
    immutable: release.immutable,
    target_commitish: release.target,
    html_url: `${url}/${repository.name}/releases/tag/${encodeURIComponent(name)}`,
    upload_url: `${url}/uploads/repos/${repository.name}/releases/${release.id}/assets{?name,label}`,
    published_at: release.draft ? null : '2026-01-01T00:00:00Z',
    assets: release.assets.map((asset) => assetBody(context, asset)),
    author: user('github-actions[bot]', 'Bot'),
  };
}
function withRelease(context: Context, use: (release: Release) => Answer): Answer {
  const release = context.repository.releases.find((one) => one.id === Number(context.params.release_id));
  return release ? use(release) : notFound();
}
const immutable = () =>
  refuse(422, 'Validation Failed', [
    { resource: 'Release', code: 'custom', message: 'Cannot change an immutable release' },
  ]);
const mayWrite = (token: Token) => token.permissions.contents === 'write';

const releases: Readonly<Record<string, Handler>> = {
  'GET /repos/{owner}/{repo}/releases': {
    needs: ['contents=read'],
    run: (context) => {
      // Drafts are seen by those who may write, newest first.
      const seen = context.repository.releases
        .filter((one) => !one.draft || mayWrite(context.token))
        .reverse();
      const { items, headers } = page(context, seen);
      return { status: 200, headers, body: items.map((one) => releaseBody(context, one)) };
    },
  },
  'POST /repos/{owner}/{repo}/releases': {
    needs: ['contents=write'],
    run: (context) => {
      const { body, repository } = context;
      if (characters(body.body ?? '') > LONGEST_RELEASE_BODY)
        return refuse(422, 'Validation Failed', [
          {
            resource: 'Release',
            code: 'custom',
            field: 'body',
            message: 'body is too long (maximum is 125000 characters)',
          },
        ]);
      if (!body.draft && repository.releases.some((one) => !one.draft && one.tag === body.tag_name)) {
        return refuse(422, 'Validation Failed', [
          { resource: 'Release', code: 'already_exists', field: 'tag_name' },
        ]);
      }
      const release: Release = {
        id: context.id(),
        tag: body.tag_name,
        name: body.name ?? '',
        body: body.body ?? '',
        draft: body.draft ?? false,
        prerelease: body.prerelease ?? false,
        immutable: !body.draft && repository.immutableReleases,
        target: body.target_commitish ?? repository.defaultBranch,
        assets: [],
      };
      repository.releases.push(release);
      return { status: 201, body: releaseBody(context, release) };
    },
  },
  'GET /repos/{owner}/{repo}/releases/tags/{tag}': {
    needs: ['contents=read'],
    run: (context) => {
      // Drafts have no tag yet, so they are not found by it.
      const release = context.repository.releases.find((one) => !one.draft && one.tag === context.params.tag);
      return release ? ok(releaseBody(context, release)) : notFound();
    },
  },
  'GET /repos/{owner}/{repo}/releases/{release_id}': {
    needs: ['contents=read'],
    run: (context) => withRelease(context, (release) => ok(releaseBody(context, release))),
  },
  'PATCH /repos/{owner}/{repo}/releases/{release_id}': {
    needs: ['contents=write'],
    run: (context) =>
      withRelease(context, (release) => {
        const { body, repository } = context;
        if (release.immutable && body.tag_name !== undefined && body.tag_name !== release.tag)
          return immutable();
        if (
          release.draft &&
          body.draft === false &&
          repository.releases.some((one) => one !== release && !one.draft && one.tag === release.tag)
        ) {
          return refuse(422, 'Validation Failed', [
            { resource: 'Release', code: 'already_exists', field: 'tag_name' },
          ]);
        }
        release.name = body.name ?? release.name;
        release.body = body.body ?? release.body;
        release.tag = body.tag_name ?? release.tag;
        release.target = body.target_commitish ?? release.target;
        release.draft = body.draft ?? release.draft;
        if (!release.draft) release.immutable = repository.immutableReleases;
        return ok(releaseBody(context, release));
      }),
  },
  'DELETE /repos/{owner}/{repo}/releases/{release_id}': {
    needs: ['contents=write'],
    run: (context) =>
      withRelease(context, (release) => {
        context.repository.releases.splice(context.repository.releases.indexOf(release), 1);
        return { status: 204 };
      }),
  },
  'GET /repos/{owner}/{repo}/releases/{release_id}/assets': {
    needs: ['contents=read'],
    run: (context) =>
      withRelease(context, (release) => {
        const { items, headers } = page(context, release.assets);
        return { status: 200, headers, body: items.map((asset) => assetBody(context, asset)) };
      }),
  },
  'POST /repos/{owner}/{repo}/releases/{release_id}/assets': {
    needs: ['contents=write'],
    run: (context) =>
      withRelease(context, (release) => {
        if (release.immutable) return immutable();
        const name = (context.query.get('name') ?? '').replace(/[^A-Za-z0-9._-]+/g, '.');
        if (release.assets.some((one) => one.name === name)) {
          return refuse(422, 'Validation Failed', [
            { resource: 'ReleaseAsset', code: 'already_exists', field: 'name' },
          ]);
        }
        if (release.assets.length >= 1000)
          return refuse(422, 'Validation Failed', [
            { resource: 'ReleaseAsset', code: 'custom', message: 'file count limit of 1000 reached' },
          ]);
        const asset: Asset = {
          id: context.id(),
          name,
          bytes: context.bytes,
          contentType: String(context.headers['content-type'] ?? 'application/octet-stream'),
          state: 'uploaded',
        };
        release.assets.push(asset);
        return { status: 201, body: assetBody(context, asset) };
      }),
  },
  'GET /repos/{owner}/{repo}/releases/assets/{asset_id}': {
    needs: ['contents=read'],
    run: (context) => {
      const asset = context.repository.releases
        .flatMap((one) => one.assets)
        .find((one) => one.id === Number(context.params.asset_id));
      if (!asset) return notFound();
      if (context.headers.accept !== 'application/octet-stream') return ok(assetBody(context, asset));
      return {
        status: 302,
        headers: { location: `${context.url.replace('127.0.0.1', 'localhost')}/blobs/asset/${asset.id}` },
      };
    },
  },
  'PATCH /repos/{owner}/{repo}/releases/assets/{asset_id}': {
    needs: ['contents=write'],
    run: (context) => {
      const release = context.repository.releases.find((one) =>
        one.assets.some((asset) => asset.id === Number(context.params.asset_id)),
      );
      const asset = release?.assets.find((one) => one.id === Number(context.params.asset_id));
      if (!release || !asset) return notFound();
      if (release.immutable) return immutable();
      asset.label = context.body.label ?? asset.label;
      return ok(assetBody(context, asset));
    },
  },
  'DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}': {
    needs: ['contents=write'],
    run: (context) => {
      const release = context.repository.releases.find((one) =>
        one.assets.some((asset) => asset.id === Number(context.params.asset_id)),
      );
      if (!release) return notFound();
      if (release.immutable) return immutable();
      release.assets.splice(
        release.assets.findIndex((asset) => asset.id === Number(context.params.asset_id)),
        1,
      );
      return { status: 204 };
    },
  },
};

function deploymentBody(deployment: Deployment) {
  const { ref, task, environment, description, payload } = deployment.fields;
  return {
    id: deployment.id,
    sha: deployment.sha,
    ref,
    task: task ?? 'deploy',
    environment: environment ?? 'production',
    description: description ?? null,
    payload: payload ?? {},
    creator: user('github-actions[bot]', 'Bot'),
  };
}
const deployments: Readonly<Record<string, Handler>> = {
  'GET /repos/{owner}/{repo}/deployments': {
    needs: ['deployments=read'],
    run: (context) => {
      const environment = context.query.get('environment');
      const found = context.repository.deployments
        .filter((one) => environment === null || one.fields.environment === environment)
        .reverse();
      const { items, headers } = page(context, found);
      return { status: 200, headers, body: items.map(deploymentBody) };
    },
  },
  'POST /repos/{owner}/{repo}/deployments': {
    needs: ['deployments=write'],
    run: ({ repository, body, id }) => {
      // Without these two GitHub merges the default branch into the ref, or waits for its checks.
      if (body.auto_merge !== false)
        return { status: 202, body: { message: 'Auto-merged main into it on deployment.' } };
      if (!Array.isArray(body.required_contexts) || body.required_contexts.length > 0)
        return refuse(409, 'Conflict: Commit status checks failed for the ref');
      const sha = /^[0-9a-f]{40}$/.test(body.ref) ? body.ref : repository.branches[body.ref]?.sha;
      if (sha === undefined) return refuse(422, `No ref found for: ${body.ref}`);
      const deployment: Deployment = { id: id(), fields: body, sha, statuses: [] };
      repository.deployments.push(deployment);
      return { status: 201, body: deploymentBody(deployment) };
    },
  },
  'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': {
    needs: ['deployments=write'],
    run: ({ repository, params, body }) => {
      const deployment = repository.deployments.find((one) => one.id === Number(params.deployment_id));
      if (!deployment) return notFound();
      if (characters(body.description ?? '') > 140)
        return refuse(422, 'Validation Failed', [
          {
            resource: 'DeploymentStatus',
            field: 'description',
            code: 'custom',
            message: 'description is too long (maximum is 140 characters)',
          },
        ]);
      deployment.statuses.push(body);
      // `auto_inactive` (on by default) ends the earlier ones of the environment.
      if (body.state === 'success' && body.auto_inactive !== false) {
        for (const other of repository.deployments) {
          if (
            other !== deployment &&
            other.fields.environment === deployment.fields.environment &&
            other.statuses.at(-1)?.state === 'success'
          )
            other.statuses.push({ state: 'inactive' });
        }
      }
      return {
        status: 201,
        body: {
          state: body.state,
          description: body.description ?? '',
          ...(body.environment_url === undefined ? {} : { environment_url: body.environment_url }),
        },
      };
    },
  },
  'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': {
    needs: ['deployments=read'],
    run: ({ repository, params }) => {
      const deployment = repository.deployments.find((one) => one.id === Number(params.deployment_id));
      return deployment
        ? ok([...deployment.statuses].reverse().map((one) => ({ description: '', ...one })))
        : notFound();
    },
  },
  'POST /repos/{owner}/{repo}/dispatches': {
    needs: ['contents=write'],
    run: ({ repository, body }) => {
      if (body.event_type.length > 100) return refuse(422, 'Validation Failed');
      repository.dispatches.push({ kind: `repository ${body.event_type}`, body: body.client_payload ?? {} });
      return { status: 204 };
    },
  },
  'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches': {
    needs: ['actions=write'],
    run: ({ repository, params, body }) => {
      const found = repository.workflows.find((one) => one.path.endsWith(`/${params.workflow_id}`));
      if (!found) return notFound();
      if (found.state !== 'active')
        return refuse(422, 'Cannot trigger a workflow_dispatch on a disabled workflow');
      repository.dispatches.push({ kind: `workflow ${params.workflow_id}`, body });
      return { status: 204 };
    },
  },
};

function runBody(run: WorkflowRun, repository: Repository) {
  return {
    id: run.id,
    head_sha: run.headSha,
    head_branch: run.headBranch,
    event: run.event,
    html_url: `https://github.test/${repository.name}/actions/runs/${run.id}`,
    status: run.status ?? 'completed',
    conclusion: 'success',
    // GitHub leaves it empty for forks.
    pull_requests: [],
    head_repository: { id: 2, full_name: run.headRepo, owner: { login: run.headRepo.split('/')[0] } },
    repository: { id: 1, full_name: repository.name },
  };
}
const actions: Readonly<Record<string, Handler>> = {
  'GET /repos/{owner}/{repo}/actions/runs/{run_id}': {
    needs: ['actions=read'],
    run: ({ repository, params }) => {
      const run = repository.runs.find((one) => one.id === Number(params.run_id));
      return run ? ok(runBody(run, repository)) : notFound();
    },
  },
  'GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts': {
    needs: ['actions=read'],
    run: (context) => {
      const { repository, params, query } = context;
      const name = query.get('name');
      const found = repository.artifacts.filter(
        (one) => one.run === Number(params.run_id) && (name === null || one.name === name),
      );
      const { items, headers } = page(context, found);
      return {
        status: 200,
        headers,
        body: { total_count: found.length, artifacts: items.map(artifactBody) },
      };
    },
  },
  'GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}': {
    needs: ['actions=read'],
    run: ({ repository, params }) => {
      const found = repository.artifacts.find((one) => one.id === Number(params.artifact_id));
      return found ? ok(artifactBody(found)) : notFound();
    },
  },
  'GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}': {
    needs: ['actions=read'],
    run: ({ repository, params, url }) => {
      const found = repository.artifacts.find((one) => one.id === Number(params.artifact_id));
      if (!found) return notFound();
      if (found.expired) return refuse(410, 'Artifact has expired');
      return {
        status: 302,
        headers: { location: `${url.replace('127.0.0.1', 'localhost')}/blobs/artifact/${found.id}` },
      };
    },
  },
  'POST /repos/{owner}/{repo}/actions/runs/{run_id}/rerun': {
    needs: ['actions=write'],
    run: ({ repository, params }) => {
      const run = repository.runs.find((one) => one.id === Number(params.run_id));
      if (!run) return notFound();
      if (run.status !== undefined && run.status !== 'completed')
        return refuse(403, 'This workflow is already running');
      repository.dispatches.push({ kind: `rerun ${run.id}`, body: {} });
      return { status: 201, body: {} };
    },
  },
  'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs': {
    needs: ['actions=read'],
    run: (context) => {
      const { repository, params, query } = context;
      const found = repository.runs.filter(
        (one) =>
          (one.workflow ?? 'assay.yml') === params.workflow_id &&
          (!query.has('head_sha') || one.headSha === query.get('head_sha')) &&
          (!query.has('event') || one.event === query.get('event')),
      );
      const { items, headers } = page(context, found);
      const runs = items.map((one) => runBody(one, repository));
      return { status: 200, headers, body: { total_count: found.length, workflow_runs: runs } };
    },
  },
  'GET /repos/{owner}/{repo}/actions/workflows': {
    needs: ['actions=read'],
    run: (context) => {
      const { items, headers } = page(context, context.repository.workflows);
      const workflows = items.map((one) => ({ ...one, name: one.path }));
      return { status: 200, headers, body: { total_count: context.repository.workflows.length, workflows } };
    },
  },
};
function artifactBody(artifact: { id: number; run: number; name: string; zip: Buffer; expired?: boolean }) {
  return {
    id: artifact.id,
    name: artifact.name,
    size_in_bytes: artifact.zip.length,
    expired: artifact.expired ?? false,
    workflow_run: { id: artifact.run },
  };
}

const repositories: Readonly<Record<string, Handler>> = {
  'POST /repos/{owner}/{repo}/git/refs': {
    needs: ['contents=write'],
    run: ({ body }) => ({ status: 201, body: { ref: body.ref, object: { sha: body.sha } } }),
  },
  'DELETE /repos/{owner}/{repo}/git/refs/{ref}': {
    needs: ['contents=write'],
    run: () => ({ status: 204 }),
  },
  'GET /repos/{owner}/{repo}': {
    needs: [],
    run: ({ repository, token }) => {
      const [owner, name] = repository.name.split('/');
      const push = token.permissions.contents === 'write';
      return ok({
        id: 1,
        name,
        full_name: repository.name,
        default_branch: repository.defaultBranch,
        owner: user(owner ?? '', 'User'),
        permissions: { admin: false, push, pull: true },
      });
    },
  },
  'GET /repos/{owner}/{repo}/branches/{branch}': {
    needs: ['contents=read'],
    run: ({ repository, params }) => {
      const branch = repository.branches[params.branch ?? ''];
      return branch
        ? ok({ name: params.branch, commit: { sha: branch.sha }, protected: branch.protected })
        : refuse(404, 'Branch not found');
    },
  },
  'GET /repos/{owner}/{repo}/rules/branches/{branch}': {
    needs: [],
    run: ({ repository, params }) => ok(repository.rules[params.branch ?? ''] ?? []),
  },
  'GET /repos/{owner}/{repo}/collaborators/{username}/permission': {
    needs: [],
    run: ({ repository, params }) => {
      const permission = repository.people[params.username ?? ''];
      if (permission === undefined) return notFound();
      return ok({ permission, role_name: permission, user: { login: params.username } });
    },
  },
};

export const HANDLERS: Readonly<Record<string, Handler>> = {
  ...comments,
  ...pulls,
  ...checks,
  ...releases,
  ...deployments,
  ...actions,
  ...repositories,
};
