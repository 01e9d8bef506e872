import type { Endpoints } from '@octokit/types';
import type { ZodType } from 'zod';
import { UserError } from '../../errors.js';
import { type ClientOptions, type Connection, failed } from './connection.js';
import { type CallOptions, openOctokit, type Sender, send } from './requests.js';
import { type StreamRequest, stream } from './stream.js';

/**
 * The one way to GitHub's API: where it is, whose token, how often a request is tried, and what is made of a failure.
 * Answers are held against a schema before they are used.
 */

/** Route of a documented operation: `GET /repos/{owner}/{repo}/releases/tags/{tag}`. */
export type Route = keyof Endpoints;
/** What an operation takes, but for owner and repository, which the client knows. */
export type Parameters<R extends Route> = Omit<Endpoints[R]['parameters'], 'owner' | 'repo'>;

export interface Page<T> {
  readonly items: readonly T[];
  readonly last: boolean;
}

export interface GitHubClient {
  /** Of the REST API, without a slash at the end. */
  readonly baseUrl: string;
  readonly owner: string;
  readonly repo: string;
  /** Sends one request. Throws GitHubError when it fails after retries, or answers something else than the schema. */
  call<R extends Route, T>(
    route: R,
    parameters: Parameters<R>,
    answer: ZodType<T>,
    options?: CallOptions,
  ): Promise<T>;
  /** Every page of a list, 100 items each. `key` names the list in answers that wrap it (`check_runs`). */
  pages<R extends Route, T>(
    route: R,
    parameters: Parameters<R>,
    list: { readonly item: ZodType<T>; readonly key?: string },
  ): AsyncGenerator<Page<T>>;
  graphql<T>(query: string, variables: Readonly<Record<string, unknown>>, answer: ZodType<T>): Promise<T>;
  /**
   * Sends bytes or fetches them without holding them in memory: `body` is sent as it is, and the answer is handed over
   * unread. Never repeated. Throws GitHubError for answers from 400 on, and when there is none.
   */
  stream(request: StreamRequest): Promise<Response>;
}

/** Whether the environment says which repository on GitHub, and with which token. */
export function hasGitHub(env: ClientOptions['env']): boolean {
  return Boolean(env.GITHUB_REPOSITORY && tokenOf(env));
}

function tokenOf(env: ClientOptions['env']): string | undefined {
  return env.ASSAY_TOKEN || env.GITHUB_TOKEN || undefined;
}

/**
 * Opens the API of GITHUB_API_URL (api.github.com when unset) for GITHUB_REPOSITORY. Nothing is sent yet.
 * Throws UserError when repository or token are not named.
 */
export async function openGitHub(options: ClientOptions): Promise<GitHubClient> {
  const { env } = options;
  const [owner, repo, ...more] = (env.GITHUB_REPOSITORY ?? '').split('/');
  if (!owner || !repo || more.length > 0) {
    throw new UserError('it is not known which repository on GitHub this is', {
      mend: 'set GITHUB_REPOSITORY=owner/name; workflows have it set',
    });
  }
  const token = tokenOf(env);
  if (!token) {
    throw new UserError("there is no token for GitHub's API", {
      mend: 'in a workflow pass the input `token`, elsewhere set GITHUB_TOKEN',
    });
  }
  const baseUrl = apiUrl(env);
  const connection = { ...options, owner, repo, baseUrl, token };
  const at: Sender = { ...connection, octokit: await openOctokit(connection) };
  return {
    baseUrl,
    owner,
    repo,
    call: async (route, parameters, answer, callOptions = {}) => {
      const { data } = await send(at, route, parameters as Readonly<Record<string, unknown>>, callOptions);
      return check(at, { route, data, answer });
    },
    pages: (route, parameters, list) =>
      pagesOf(at, route, parameters as Readonly<Record<string, unknown>>, list),
    graphql: async (query, variables, answer) => {
      const { data } = await send(
        at,
        'POST /graphql',
        { query, variables },
        {
          repeatable: !/^\s*mutation/.test(query),
          // GHES has REST at /api/v3 and GraphQL at /api/graphql.
          baseUrl: baseUrl.replace(/\/api\/v3$/, '/api'),
        },
      );
      return check(at, { route: 'POST /graphql', data: graphqlData(at, data), answer });
    },
    stream: (request) => stream(at, request),
  };
}

function apiUrl(env: ClientOptions['env']): string {
  const url = env.GITHUB_API_URL || 'https://api.github.com';
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url.replace(/\/+$/, '');
  throw new UserError('GITHUB_API_URL is not an address', {
    mend: 'such as https://github.example.com/api/v3',
  });
}

function check<T>(
  at: Connection,
  read: { readonly route: string; readonly data: unknown; readonly answer: ZodType<T> },
): T {
  const parsed = read.answer.safeParse(read.data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [method = 'GET', route = ''] = read.route.split(' ');
  throw failed(at, {
    method,
    route,
    status: 200,
    headers: {},
    body: read.data,
    detail: `${issue?.path.join('.') || 'the answer'}: ${issue?.message ?? 'not as documented'}`,
  });
}

async function* pagesOf<T>(
  at: Sender,
  route: string,
  parameters: Readonly<Record<string, unknown>>,
  list: { readonly item: ZodType<T>; readonly key?: string },
): AsyncGenerator<Page<T>> {
  const answer = list.item.array();
  for (let page = 1; ; page++) {
    const { data, headers } = await send(at, route, { per_page: 100, ...parameters, page }, {});
    const items =
      list.key === undefined ? data : (data as Readonly<Record<string, unknown>> | null)?.[list.key];
    const last = !/\brel="next"/.test(String(headers.link ?? ''));
    yield { items: check(at, { route, data: items, answer }), last };
    if (last) return;
  }
}

/** GraphQL answers 200 to most failures and names them inside. */
function graphqlData(at: Connection, answer: unknown): unknown {
  const { data, errors } = (answer ?? {}) as { readonly data?: unknown; readonly errors?: unknown };
  const [first] = Array.isArray(errors) ? errors : [];
  if (first === undefined) return data;
  const { type, message } = first as { readonly type?: unknown; readonly message?: unknown };
  const status =
    type === 'NOT_FOUND' ? 404 : type === 'FORBIDDEN' ? 403 : type === 'RATE_LIMITED' ? 429 : 422;
  throw failed(at, {
    method: 'POST',
    route: '/graphql',
    status,
    headers: {},
    body: { message: typeof message === 'string' ? message : 'unknown' },
    detail: '',
  });
}
