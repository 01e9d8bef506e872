import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Interrupted } from '../src/errors.js';
import { hasGitHub, openGitHub } from '../src/platform/github/client.js';
import { GitHubError } from '../src/platform/github/failure.js';
import { type Scripted, scriptedServer } from './beds/http-script.js';

const TOKEN = 'ghs_0123456789abcdefghij';
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function client(answers: readonly Scripted[], options: { readonly cancel?: AbortSignal } = {}) {
  const server = await scriptedServer(answers);
  open.push(server.close);
  const warnings: string[] = [];
  const github = await openGitHub({
    env: { GITHUB_API_URL: `${server.url}/api/v3/`, GITHUB_REPOSITORY: 'team/models', GITHUB_TOKEN: TOKEN },
    version: '1.2.3',
    now: Date.now,
    cancel: options.cancel ?? new AbortController().signal,
    warn: (text) => warnings.push(text),
    secondMs: 1,
    attemptSeconds: 0.3,
  });
  return { github, server, warnings };
}

const issue = z.object({ id: z.number() });

async function failure(answers: readonly Scripted[], write = false) {
  const { github, server, warnings } = await client(answers);
  const call = write
    ? github.call(
        'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
        { issue_number: 7, body: 'x' },
        issue,
      )
    : github.call('GET /repos/{owner}/{repo}/issues/comments/{comment_id}', { comment_id: 7 }, issue);
  const error = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(GitHubError);
  expect(JSON.stringify(error) + String((error as Error).cause)).not.toContain(TOKEN);
  return { error: error as GitHubError, requests: server.seen.length, warnings };
}

test('says who is asking, with the token in a header only, at the address of the environment', async () => {
  const { github, server } = await client([{ status: 200, body: { id: 7, more: true } }]);
  const answer = await github.call(
    'GET /repos/{owner}/{repo}/issues/comments/{comment_id}',
    { comment_id: 7 },
    issue,
  );
  expect(answer).toEqual({ id: 7 });
  const [request] = server.seen;
  expect(request?.path).toBe('/api/v3/repos/team/models/issues/comments/7');
  expect(request?.headers.authorization).toBe(`token ${TOKEN}`);
  expect(request?.headers['user-agent']).toMatch(/^assay\/1\.2\.3 /);
  expect(request?.headers['x-github-api-version']).toBe('2022-11-28');
});

test('GraphQL of an own server lies beside the REST API, and its errors are told as those of REST', async () => {
  const { github, server } = await client([
    { status: 200, body: { data: { viewer: { login: 'mona' } } } },
    {
      status: 200,
      body: {
        data: null,
        errors: [{ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }],
      },
    },
  ]);
  const answer = z.object({ viewer: z.object({ login: z.string() }) });
  expect(await github.graphql('query { viewer { login } }', {}, answer)).toEqual({
    viewer: { login: 'mona' },
  });
  expect(server.seen[0]?.path).toBe('/api/graphql');
  await expect(github.graphql('query { viewer { login } }', {}, answer)).rejects.toMatchObject({
    kind: 'permission',
  });
});

describe('pages', () => {
  const link = (page: number) => ({
    link: `<https://api/x?page=${page}>; rel="next", <https://api/x?page=9>; rel="last"`,
  });
  test('all pages, as long as there is a next one', async () => {
    const { github, server } = await client([
      { status: 200, body: [{ id: 1 }], headers: link(2) },
      { status: 200, body: [{ id: 2 }] },
    ]);
    const ids: number[] = [];
    for await (const page of github.pages('GET /repos/{owner}/{repo}/releases', {}, { item: issue })) {
      ids.push(...page.items.map((item) => item.id));
    }
    expect(ids).toEqual([1, 2]);
    expect(server.seen.map((request) => request.path)).toEqual([
      '/api/v3/repos/team/models/releases?per_page=100&page=1',
      '/api/v3/repos/team/models/releases?per_page=100&page=2',
    ]);
  });
});

describe('what fails is told with the next step', () => {
  const said = (message: string, headers: Record<string, string> = {}, status = 403): Scripted => ({
    status,
    headers,
    body: { message, documentation_url: 'https://docs.github.com' },
  });
  test.each<[string, Scripted, { kind: string; mend: RegExp; message?: RegExp }]>([
    ['a bad token', said('Bad credentials', {}, 401), { kind: 'unauthorized', mend: /GITHUB_TOKEN/ }],
    [
      'a missing permission that GitHub names',
      said('Resource not accessible by integration', {
        'x-accepted-github-permissions': 'issues=write; pull_requests=write',
      }),
      {
        kind: 'permission',
        mend: /permissions: \{ issues: write \}.*fork/,
        message: /POST team\/models\/issues/,
      },
    ],
    [
      'a missing permission that GitHub does not name',
      said('Resource not accessible by integration'),
      { kind: 'permission', mend: /permissions: \{ pull-requests: write \}/ },
    ],
    [
      'a permission no workflow can have',
      said('Must have admin rights to Repository.', {
        'x-accepted-github-permissions': 'administration=write',
      }),
      { kind: 'permission', mend: /administration: write, which the token of a workflow cannot have/ },
    ],
    [
      'SAML',
      said('Resource protected by organization SAML enforcement.', {
        'x-github-sso': 'required; url=https://github.com/x',
      }),
      { kind: 'saml', mend: /Configure SSO/ },
    ],
    [
      'an IP allow list',
      said('the `team` organization has an IP allow list enabled'),
      { kind: 'blocked', mend: /owner/ },
    ],
    ['an archive', said('Repository was archived so is read-only.'), { kind: 'blocked', mend: /setting/ }],
    [
      'the rate limit',
      said('API rate limit exceeded for installation ID 1.', {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-limit': '1000',
        'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 1200),
      }),
      { kind: 'rate-limit', message: /of 1000 per hour/, mend: /in (19|20) min/ },
    ],
    [
      'the secondary limit',
      said('You have exceeded a secondary rate limit.', { 'retry-after': '600' }),
      { kind: 'secondary-limit', mend: /in 600 s/ },
    ],
    ['not found', said('Not Found', {}, 404), { kind: 'not-found', mend: /pull-requests: write/ }],
    ['gone', said('Issues are disabled for this repo', {}, 410), { kind: 'gone', mend: /Features/ }],
    ['a conflict', said('Update is not a fast forward', {}, 409), { kind: 'conflict', mend: /again/ }],
    [
      'refused content',
      {
        status: 422,
        body: {
          message: 'Validation Failed',
          errors: [{ resource: 'IssueComment', field: 'body', code: 'custom', message: 'body is too long' }],
        },
      },
      { kind: 'invalid', mend: /field/, message: /Validation Failed; body is too long/ },
    ],
    [
      'a server error',
      { status: 502, body: '<html>', headers: { 'content-type': 'text/html' } },
      { kind: 'unavailable', mend: /githubstatus/ },
    ],
    ['no answer in time', 'silent', { kind: 'unavailable', mend: /kept/ }],
    ['a closed connection', 'hang up', { kind: 'unavailable', mend: /kept/ }],
    [
      'an answer cut off',
      { status: 201, body: { id: 7, body: 'x'.repeat(5000) }, cut: true },
      { kind: 'unavailable', mend: /kept/ },
    ],
    ['half of a JSON text', { status: 201, body: '{"id": 7, "bo' }, { kind: 'unavailable', mend: /kept/ }],
    [
      'another document',
      { status: 201, body: { ok: true } },
      { kind: 'malformed', mend: /proxy/, message: /id: / },
    ],
    [
      'HTML with 200',
      { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } },
      { kind: 'malformed', mend: /proxy/ },
    ],
  ])('%s', async (_, answer, expected) => {
    const { error, requests } = await failure([answer], true);
    expect({ kind: error.kind, message: error.message, mend: error.mend }).toEqual({
      kind: expected.kind,
      message: expect.stringMatching(expected.message ?? /./),
      mend: expect.stringMatching(expected.mend),
    });
    // A write is never sent twice unseen: whoever sent it looks first.
    expect(requests).toBe(1);
    expect(error.mayHaveHappened).toBe(['unavailable', 'malformed'].includes(expected.kind));
  });

  test('text of the server cannot control a terminal or a log', async () => {
    const { error } = await failure([said('\u001b[2J::error::x\n::set-output')]);
    for (const bad of ['\u001b', '\n']) expect(error.message).not.toContain(bad);
  });
});

describe('what passes is waited for', () => {
  const ok: Scripted = { status: 200, body: { id: 7 } };
  const read = async (answers: readonly Scripted[]) => {
    const { github, server, warnings } = await client(answers);
    await github.call('GET /repos/{owner}/{repo}/issues/comments/{comment_id}', { comment_id: 7 }, issue);
    return { requests: server.seen.length, warnings };
  };
  test.each<[string, Scripted]>([
    ['5xx', { status: 503 }],
    ['a closed connection', 'hang up'],
    ['silence', 'silent'],
    ['an answer cut off', { status: 200, body: { id: 7, body: 'x'.repeat(5000) }, cut: true }],
    ['half of a JSON text', { status: 200, body: '{"id": 7, "bo' }],
  ])('reading is tried again after %s', async (_, bad) => {
    expect(await read([bad, ok])).toEqual({ requests: 2, warnings: [] });
  });

  test('a short secondary limit is waited for, and said', async () => {
    const limit: Scripted = {
      status: 403,
      headers: { 'retry-after': '7' },
      body: { message: 'You have exceeded a secondary rate limit.' },
    };
    const { requests, warnings } = await read([limit, ok]);
    expect(requests).toBe(2);
    expect(warnings).toEqual(["GitHub's secondary rate limit is reached: waiting 7 s"]);
  });

  test('reading is given up after four attempts', async () => {
    const { requests } = await failure([{ status: 500 }]);
    expect(requests).toBe(4);
  });

  test.each([401, 403, 404, 409, 410, 422, 429])('what %i refuses is refused at once', async (status) => {
    expect((await failure([{ status }])).requests).toBe(1);
  });

  test('a cancelled job does not go on', async () => {
    const controller = new AbortController();
    const { github } = await client(['silent'], { cancel: controller.signal });
    const call = github.call(
      'GET /repos/{owner}/{repo}/issues/comments/{comment_id}',
      { comment_id: 7 },
      issue,
    );
    controller.abort(new Interrupted('SIGTERM'));
    await expect(call).rejects.toBeInstanceOf(Interrupted);
  });
});

describe('streams', () => {
  test('the token does not follow a redirect to another host', async () => {
    const store = await scriptedServer([{ status: 200, body: 'bytes' }]);
    open.push(store.close);
    const { github, server } = await client([
      { status: 302, headers: { location: `${store.url.replace('127.0.0.1', 'localhost')}/blob` } },
    ]);
    const response = await github.stream({
      method: 'GET',
      url: `${server.url}/api/v3/repos/team/models/releases/assets/1`,
      route: '/repos/{owner}/{repo}/releases/assets/{asset_id}',
      headers: { accept: 'application/octet-stream' },
      timeoutSeconds: 5,
    });
    expect(await response.text()).toBe('bytes');
    expect(server.seen[0]?.headers.authorization).toBe(`token ${TOKEN}`);
    expect(store.seen[0]?.headers.authorization).toBeUndefined();
  });

  test('a refused upload is told as any other failure', async () => {
    const { github, server } = await client([
      {
        status: 422,
        body: {
          message: 'Validation Failed',
          errors: [{ code: 'already_exists', resource: 'ReleaseAsset', field: 'name' }],
        },
      },
    ]);
    const upload = github.stream({
      method: 'POST',
      url: `${server.url}/upload`,
      route: '/repos/{owner}/{repo}/releases/{release_id}/assets',
      body: new Blob(['x']).stream(),
      timeoutSeconds: 5,
    });
    await expect(upload).rejects.toMatchObject({
      kind: 'invalid',
      said: 'Validation Failed; ReleaseAsset name already_exists',
    });
  });
});

test('without repository or token nothing is opened', async () => {
  const options = { version: '1', now: () => 0, cancel: new AbortController().signal, warn: () => {} };
  await expect(openGitHub({ ...options, env: { GITHUB_TOKEN: 'x' } })).rejects.toThrow('which repository');
  await expect(openGitHub({ ...options, env: { GITHUB_REPOSITORY: 'a/b' } })).rejects.toThrow('no token');
  await expect(
    openGitHub({
      ...options,
      env: { GITHUB_REPOSITORY: 'a/b', GITHUB_TOKEN: 'x', GITHUB_API_URL: 'file:///etc' },
    }),
  ).rejects.toThrow('GITHUB_API_URL');
  expect(hasGitHub({ GITHUB_REPOSITORY: 'a/b' })).toBe(false);
  expect(hasGitHub({ GITHUB_REPOSITORY: 'a/b', ASSAY_TOKEN: 'x' })).toBe(true);
});
