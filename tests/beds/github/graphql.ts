import { readFileSync } from 'node:fs';
import { buildSchema, graphql as execute } from 'graphql';
import type { Comment, Repository, Token } from './state.js';

/** GraphQL by the published schema, executed by the reference implementation: an undocumented field is refused. */

const schema = buildSchema(readFileSync(new URL('contract/schema.graphql', import.meta.url), 'utf8'));

export async function answerGraphql(
  request: { readonly query: string; readonly variables?: Readonly<Record<string, unknown>> },
  at: { readonly repository: Repository; readonly token: Token; readonly url: string },
): Promise<unknown> {
  const { repository, token, url } = at;
  const nodeOf = (comment: Comment) => ({
    __typename: 'IssueComment',
    id: `IC_${comment.id}`,
    databaseId: comment.id,
    body: comment.body,
    url: `${url}/${repository.name}/pull/${comment.issue}#issuecomment-${comment.id}`,
    isMinimized: comment.minimized !== null,
    viewerDidAuthor: comment.author.login === token.login,
    // GraphQL names a bot without the suffix that REST shows.
    author: { __typename: comment.author.type, login: comment.author.login.replace('[bot]', '') },
  });
  const result = await execute({
    schema,
    source: request.query,
    variableValues: request.variables ?? {},
    rootValue: {
      viewer: { login: token.login },
      repository: ({ owner, name }: { readonly owner: string; readonly name: string }) => {
        if (`${owner}/${name}` !== repository.name) return null;
        return {
          pullRequest: ({ number }: { readonly number: number }) => {
            const pull = repository.pulls.find((one) => one.number === number);
            if (!pull) throw new Error(`Could not resolve to a PullRequest with the number of ${number}.`);
            const comments = repository.comments.filter((one) => one.issue === number);
            return {
              number,
              headRefOid: pull.headSha,
              state: pull.state.toUpperCase(),
              comments: (page: PageRequest) => connection(comments.map(nodeOf), page),
            };
          },
        };
      },
      minimizeComment: ({
        input,
      }: {
        readonly input: { readonly subjectId: string; readonly classifier: string };
      }) => {
        const comment = repository.comments.find((one) => `IC_${one.id}` === input.subjectId);
        if (!comment)
          throw new Error(`Could not resolve to a node with the global id of '${input.subjectId}'`);
        comment.minimized = input.classifier;
        return { minimizedComment: nodeOf(comment) };
      },
    },
  });
  const errors = result.errors?.map((error) => ({
    type: /Could not resolve/.test(error.message) ? 'NOT_FOUND' : 'UNDEFINED_FIELD',
    message: error.message,
  }));
  return { data: result.data, ...(errors ? { errors } : {}) };
}

interface PageRequest {
  readonly first?: number;
  readonly last?: number;
  readonly after?: string;
  readonly before?: string;
}

/** 100 nodes at most, as GitHub; cursors are places in the list. */
function connection<T>(all: readonly T[], page: PageRequest) {
  const count = page.first ?? page.last ?? 0;
  if (count > 100) throw new Error('Requesting more than 100 records on the connection exceeds the limit');
  const from = page.after === undefined ? 0 : Number(page.after) + 1;
  const to = page.before === undefined ? all.length : Number(page.before);
  const start = page.last === undefined ? from : Math.max(from, to - page.last);
  const end = page.first === undefined ? to : Math.min(to, from + page.first);
  return {
    nodes: all.slice(start, end),
    totalCount: all.length,
    pageInfo: {
      hasPreviousPage: start > 0,
      hasNextPage: end < all.length,
      startCursor: start < end ? String(start) : null,
      endCursor: start < end ? String(end - 1) : null,
    },
  };
}
