import { z } from 'zod';
import { shortCommit } from '../../format.js';
import { reportMarker } from '../../report/marker.js';
import type { Comments, ReportComment } from '../../report/ports.js';
import type { GitHubClient } from './client.js';
import { GitHubError } from './failure.js';

/**
 * One comment per pull request and key. Ours is what begins with the marker and was written by the same account: a
 * marker that somebody quotes or forges is not ours. Comments are read by GraphQL, which tells who wrote what, from both
 * ends at once, since ours is mostly among the first or the last.
 */
export function githubComments(client: GitHubClient): Comments {
  return {
    publish: async (comment) => {
      const { pullRequest } = comment;
      if (pullRequest === null) return { url: null };
      const before = await look(client, pullRequest, comment.key);
      const kept = keepsNewer(before, comment);
      if (kept) return kept;
      const body = withState(comment);
      const standing = before.visible[0];
      if (standing && !isAnew(standing, comment)) {
        await removeExtra(client, before.visible.slice(1));
        if (standing.body === body) return { url: standing.url };
        if (await change(client, standing, body)) return { url: standing.url };
      }
      const created = await create(client, { pullRequest, key: comment.key, body });
      return settle(client, { comment, pullRequest, body, created });
    },
  };
}

interface Found {
  readonly node: string;
  readonly id: number;
  readonly body: string;
  readonly url: string;
}
interface Look {
  /** Commit at the head of the pull request. */
  readonly head: string;
  /** Ours that are not folded away, oldest first. */
  readonly visible: readonly Found[];
}

const nodes = z.array(
  z
    .object({
      id: z.string(),
      databaseId: z.number().nullable(),
      body: z.string(),
      url: z.string(),
      isMinimized: z.boolean(),
      viewerDidAuthor: z.boolean(),
    })
    .nullable(),
);
const connection = z.object({
  nodes: nodes.nullable(),
  totalCount: z.number(),
  pageInfo: z.object({ hasPreviousPage: z.boolean(), startCursor: z.string().nullable() }),
});
type Connection = z.infer<typeof connection>;
const answer = z.object({
  repository: z
    .object({
      pullRequest: z
        .object({ headRefOid: z.string(), newest: connection, oldest: connection.optional() })
        .nullable(),
    })
    .nullable(),
});

const FIELDS = `{ totalCount pageInfo { hasPreviousPage startCursor }
  nodes { id databaseId body url isMinimized viewerDidAuthor } }`;
const BOTH_ENDS = `query ($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { headRefOid
    newest: comments(last: 100) ${FIELDS}
    oldest: comments(first: 100) ${FIELDS} } } }`;
const BEFORE = `query ($owner: String!, $name: String!, $number: Int!, $before: String!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { headRefOid
    newest: comments(last: 100, before: $before) ${FIELDS} } } }`;
const MINIMIZE = `mutation ($id: ID!) {
  minimizeComment(input: { subjectId: $id, classifier: OUTDATED }) { minimizedComment { isMinimized } } }`;

/** 2,000 comments from the newest back, and 100 from the oldest. */
const MOST_PAGES = 20;

async function look(client: GitHubClient, pullRequest: number, key: string): Promise<Look> {
  const variables = { owner: client.owner, name: client.repo, number: pullRequest };
  const ask = async (query: string, more: Readonly<Record<string, string>> = {}) => {
    const { repository } = await client.graphql(query, { ...variables, ...more }, answer);
    if (repository?.pullRequest) return repository.pullRequest;
    throw new GitHubError(
      {
        method: 'GET',
        route: `/repos/{owner}/{repo}/pulls/${pullRequest}`,
        repository: `${client.owner}/${client.repo}`,
        status: 404,
        headers: {},
        body: undefined,
        detail: '',
      },
      {
        kind: 'not-found',
        message: `GitHub does not find pull request ${pullRequest} of ${client.owner}/${client.repo}`,
        mend: 'the token must see it: permissions: { pull-requests: write }',
      },
    );
  };
  const marker = reportMarker(key);
  const first = await ask(BOTH_ENDS);
  const found = new Map<number, Found>();
  const collect = (page: Connection | undefined) => {
    for (const node of page?.nodes ?? []) {
      if (!node?.viewerDidAuthor || node.isMinimized || node.databaseId === null) continue;
      if (node.body.startsWith(marker)) {
        found.set(node.databaseId, { node: node.id, id: node.databaseId, body: node.body, url: node.url });
      }
    }
  };
  collect(first.newest);
  collect(first.oldest);
  let page = first.newest;
  let seen = (first.newest.nodes?.length ?? 0) + (first.oldest?.nodes?.length ?? 0);
  for (let pages = 1; pages < MOST_PAGES && found.size === 0; pages++) {
    const before = page.pageInfo.startCursor;
    if (!page.pageInfo.hasPreviousPage || before === null || seen >= page.totalCount) break;
    page = (await ask(BEFORE, { before })).newest;
    seen += page.nodes?.length ?? 0;
    collect(page);
  }
  return { head: first.headRefOid, visible: [...found.values()].sort((a, b) => a.id - b.id) };
}

/** What the comment says of itself, on its second line, for the next one that comes. */
const STATE = /^<!-- assay:state commit=([0-9a-f]*) said=([0-9a-f]*) -->$/m;

function withState({ body, key, commit, said }: ReportComment): string {
  const marker = reportMarker(key);
  return body.replace(marker, `${marker}\n<!-- assay:state commit=${commit ?? ''} said=${said} -->`);
}

function stateOf(found: Found): { readonly commit: string; readonly said: string } {
  const [, commit = '', said = ''] = STATE.exec(found.body.slice(0, 1000)) ?? [];
  return { commit, said };
}

/** A slow job of an older commit must not hide what is known of the head. */
function keepsNewer(
  { head, visible }: Look,
  { commit }: ReportComment,
): { readonly url: string; readonly kept: string } | undefined {
  if (commit === null || commit === head) return undefined;
  const newer = visible.find((one) => stateOf(one).commit === head);
  if (!newer) return undefined;
  return {
    url: newer.url,
    kept: `it speaks of ${shortCommit(head)}, the head of the pull request, and this report of ${shortCommit(commit)}`,
  };
}

function isAnew(standing: Found, { mode, said }: ReportComment): boolean {
  return mode === 'recreate' || (mode === 'on-change' && stateOf(standing).said !== said);
}

const written = z.object({ id: z.number(), node_id: z.string(), html_url: z.string() });

/** False when it is not there any more. */
async function change(client: GitHubClient, { id }: Found, body: string): Promise<boolean> {
  try {
    const route = 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}';
    await client.call(route, { comment_id: id, body }, written, { repeatable: true });
    return true;
  } catch (error) {
    if (error instanceof GitHubError && error.kind === 'not-found') return false;
    throw error;
  }
}

async function create(
  client: GitHubClient,
  comment: { readonly pullRequest: number; readonly key: string; readonly body: string },
): Promise<Found> {
  const { pullRequest, key, body } = comment;
  const post = async (): Promise<Found> => {
    const made = await client.call(
      'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
      { issue_number: pullRequest, body },
      written,
    );
    return { node: made.node_id, id: made.id, body, url: made.html_url };
  };
  try {
    return await post();
  } catch (error) {
    if (!(error instanceof GitHubError) || !error.mayHaveHappened) throw error;
    // No answer is no proof that it was not posted: look before posting again.
    const { visible } = await look(client, pullRequest, key);
    return visible.find((one) => one.body === body) ?? (await post());
  }
}

/**
 * Another job may have posted at the same moment: look again, and agree by the same rule on which one stays. Updating, it
 * is the oldest; posting anew, the newest.
 */
async function settle(
  client: GitHubClient,
  given: {
    readonly comment: ReportComment;
    readonly pullRequest: number;
    readonly body: string;
    readonly created: Found;
  },
): Promise<{ readonly url: string; readonly kept?: string }> {
  const { comment, pullRequest, body, created } = given;
  const after = await look(client, pullRequest, comment.key);
  // What was just written may not be in a list read from a replica yet.
  const all = new Map([created, ...after.visible].map((one) => [one.id, one]));
  const sorted = [...all.values()].sort((a, b) => a.id - b.id);
  if (comment.mode === 'recreate' || comment.mode === 'on-change') {
    for (const old of sorted.slice(0, -1)) await minimize(client, old);
    return { url: sorted.at(-1)?.url ?? created.url };
  }
  const survivor = sorted[0] ?? created;
  await removeExtra(client, sorted.slice(1));
  if (survivor.id === created.id) return { url: created.url };
  const kept = keepsNewer({ ...after, visible: [survivor] }, comment);
  if (kept) return kept;
  await change(client, survivor, body);
  return { url: survivor.url };
}

async function removeExtra(client: GitHubClient, extra: readonly Found[]): Promise<void> {
  for (const { id } of extra) {
    try {
      const route = 'DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}';
      await client.call(route, { comment_id: id }, z.unknown(), { repeatable: true });
    } catch (error) {
      // The other job was quicker.
      if (!(error instanceof GitHubError && error.kind === 'not-found')) throw error;
    }
  }
}

async function minimize(client: GitHubClient, { node }: Found): Promise<void> {
  await client.graphql(MINIMIZE, { id: node }, z.unknown());
}
