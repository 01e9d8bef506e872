import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GitHubClient, openGitHub } from '../src/platform/github/client.js';
import { githubComments } from '../src/platform/github/comments.js';
import { reportMarker } from '../src/report/marker.js';
import type { ReportComment } from '../src/report/ports.js';
import { conversation, FORK_TOKEN, type GitHubBed, gitHubBed } from './beds/github/server.js';
import type { Comment, Token } from './beds/github/state.js';

const HEAD = 'a'.repeat(40);
const OLD = 'b'.repeat(40);
const BOT = { login: 'github-actions[bot]', type: 'Bot' } as const;
const MONA = { login: 'mona', type: 'User' } as const;

let bed: GitHubBed;
beforeEach(async () => {
  bed = await gitHubBed();
  bed.repository.pulls.push({
    number: 7,
    state: 'open',
    headSha: HEAD,
    headRef: 'topic',
    headRepo: 'team/models',
    baseRef: 'main',
  });
});
afterEach(() => bed.close());

function open(token: Partial<Token> = {}): Promise<GitHubClient> {
  return openGitHub({
    env: bed.env(token),
    version: '1.0.0',
    now: Date.now,
    cancel: new AbortController().signal,
    warn: () => {},
    secondMs: 1,
    attemptSeconds: 2,
  });
}

function comment(given: Partial<ReportComment> = {}): ReportComment {
  const key = given.key ?? 'all';
  return {
    pullRequest: 7,
    key,
    commit: HEAD,
    said: '0123456789abcdef',
    mode: 'update',
    ...given,
    body: `${reportMarker(key)}\n\n${given.body ?? '### ✅ income: promote'}\n`,
  };
}

async function publish(given: Partial<ReportComment> = {}, token: Partial<Token> = {}) {
  return githubComments(await open(token)).publish(comment(given));
}

let ids = 10;
function standing(author: Comment['author'], body: string, minimized: string | null = null): Comment {
  const one: Comment = { id: ids++, issue: 7, author, body, minimized, reactions: [] };
  bed.repository.comments.push(one);
  return one;
}
const visible = () =>
  bed.repository.comments.filter((one) => one.minimized === null && one.author.login === BOT.login);

test('the first is posted, the next changes it in place', async () => {
  const { url } = await publish();
  expect(url).toBe(`${bed.url}/team/models/pull/7#issuecomment-1000`);
  await publish({ body: '### ❌ income: reject' });
  expect(bed.repository.comments.map((one) => one.body.split('\n').slice(0, 4))).toEqual([
    [
      '<!-- assay:report key=all -->',
      `<!-- assay:state commit=${HEAD} said=0123456789abcdef -->`,
      '',
      '### ❌ income: reject',
    ],
  ]);
  expect(conversation(bed)).toMatchSnapshot();
});

test('the same again costs one look and no write', async () => {
  await publish();
  bed.requests.length = 0;
  await publish();
  expect(bed.requests.map((one) => one.method + one.path)).toEqual(['POST/graphql']);
});

test('other keys have comments of their own', async () => {
  await publish({ key: 'income' });
  await publish({ key: 'churn' });
  expect(visible()).toHaveLength(2);
});

describe('what is not ours stays as it is', () => {
  test.each([
    ['a marker that somebody else wrote', MONA, `${reportMarker('all')}\nmine`],
    ['a marker that is quoted', BOT, `> ${reportMarker('all')}\nquoted`],
    [
      'a marker of another app',
      { login: 'other-app[bot]', type: 'Bot' } as const,
      `${reportMarker('all')}\nx`,
    ],
    ['a folded one', BOT, `${reportMarker('all')}\nold`],
  ])('%s', async (what, author, body) => {
    const other = standing(author, body, what === 'a folded one' ? 'OUTDATED' : null);
    await publish();
    expect(other.body).toBe(body);
    expect(bed.repository.comments).toHaveLength(2);
  });
});

test('300 comments on the pull request: an update costs at most five calls, wherever ours is', async () => {
  for (const at of [0, 150, 299]) {
    bed.repository.comments.length = 0;
    for (let index = 0; index < 300; index++) {
      if (index === at) standing(BOT, `${reportMarker('all')}\nours`);
      else standing(MONA, `talk ${index}`);
    }
    bed.requests.length = 0;
    await publish();
    expect(bed.repository.comments).toHaveLength(300);
    expect(bed.repository.comments[at]?.body).toContain('promote');
    expect(bed.requests.length).toBeLessThanOrEqual(3);
  }
});

describe('modes', () => {
  test('recreate: the new one first, then the old one is folded away', async () => {
    await publish({ mode: 'recreate' });
    bed.requests.length = 0;
    await publish({ mode: 'recreate', body: 'second' });
    expect(bed.repository.comments.map((one) => one.minimized)).toEqual(['OUTDATED', null]);
    expect(conversation(bed)).toMatchSnapshot();
  });

  test('on-change: in place while the answer is the same, anew when it is another', async () => {
    await publish({ mode: 'on-change', body: 'AUC 0.90' });
    await publish({ mode: 'on-change', body: 'AUC 0.91' });
    expect(bed.repository.comments.map((one) => one.minimized)).toEqual([null]);
    await publish({ mode: 'on-change', body: 'AUC 0.7', said: 'ffffffffffffffff' });
    expect(bed.repository.comments.map((one) => [one.minimized, one.body.split('\n').at(3)])).toEqual([
      ['OUTDATED', 'AUC 0.91'],
      [null, 'AUC 0.7'],
    ]);
  });

  test('without a pull request nothing is asked and nothing posted', async () => {
    expect(await publish({ pullRequest: null })).toEqual({ url: null });
    expect(bed.requests).toEqual([]);
  });
});

describe('several jobs at once end with one comment', () => {
  test.each(['update', 'recreate', 'on-change'] as const)('%s', async (mode) => {
    await Promise.all(
      Array.from({ length: 4 }, (_, index) =>
        publish({ mode, body: `job ${index}`, said: String(index).repeat(16) }),
      ),
    );
    expect(visible()).toHaveLength(1);
  });

  test('another job posts between our look and our write', async () => {
    let raced = false;
    bed.intercept = (request) => {
      if (request.route.startsWith('POST /repos') && !raced) {
        raced = true;
        standing(BOT, `${reportMarker('all')}\nthe other job`);
      }
      return undefined;
    };
    const { url } = await publish();
    expect(visible().map((one) => one.body.includes('promote'))).toEqual([true]);
    expect(url).toContain(`issuecomment-${visible()[0]?.id}`);
  });

  test('duplicates that a killed job left are removed', async () => {
    standing(BOT, `${reportMarker('all')}\none`);
    standing(BOT, `${reportMarker('all')}\ntwo`);
    await publish();
    expect(visible()).toHaveLength(1);
  });

  test('the comment is deleted by somebody while it is written', async () => {
    const ours = standing(BOT, `${reportMarker('all')}\nours`);
    bed.intercept = (request) => {
      if (request.method === 'PATCH')
        bed.repository.comments.splice(bed.repository.comments.indexOf(ours), 1);
      return undefined;
    };
    await publish();
    expect(visible().map((one) => one.body.includes('promote'))).toEqual([true]);
  });
});

test('a slow job of an older commit does not hide what is known of the head', async () => {
  await publish({ body: 'of the head' });
  const late = await publish({ commit: OLD, body: 'of an older commit' });
  expect(late.kept).toContain('the head of the pull request');
  expect(visible()[0]?.body).toContain('of the head');
});

test('a post without an answer is looked up before it is repeated', async () => {
  let lost = 0;
  bed.intercept = (request) =>
    request.route.startsWith('POST /repos') && lost++ === 0 ? 'hang up after doing it' : undefined;
  const { url } = await publish();
  expect(visible()).toHaveLength(1);
  expect(url).toContain(`issuecomment-${visible()[0]?.id}`);
  lost = 0;
  bed.repository.comments.length = 0;
  bed.intercept = (request) =>
    request.route.startsWith('POST /repos') && lost++ === 0 ? { status: 502, body: {} } : undefined;
  await publish();
  expect(visible()).toHaveLength(1);
});

describe('refusals', () => {
  test("a fork's token", async () => {
    await expect(publish({}, FORK_TOKEN)).rejects.toMatchObject({
      kind: 'permission',
      message: expect.stringContaining('POST team/models/issues/{issue_number}/comments'),
      mend: expect.stringContaining('permissions: { issues: write }'),
    });
  });
  test('a pull request that is not there', async () => {
    await expect(publish({ pullRequest: 8 })).rejects.toMatchObject({ kind: 'not-found' });
  });
  test('a body that is too long is refused, as GitHub does, and not cut', async () => {
    await expect(publish({ body: '👍'.repeat(65_500) })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('maximum is 65536 characters'),
    });
  });
});
