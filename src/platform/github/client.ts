import type { Octokit } from '@octokit/core';
import type { Endpoints } from '@octokit/types';
import type { ZodType } from 'zod';
import { UserError } from '../../errors.js';
import { explainFailure, type Failure, GitHubError, isReading } from './failure.js';

/**
 * The one way to GitHub's API: where it is, whose token, how often a request is tried, and what is made of a failure.
 * Answers are held against a schema before they are used.
 */

/** Route of a documented operation: `GET /repos/{owner}/{repo}/releases/tags/{tag}`. */
export type Route = keyof Endpoints;
/** What an operation takes, but for owner and repository, which the client knows. */
export type Parameters<R extends Route> = Omit<Endpoints[R]['parameters'], 'owner' | 'repo'>;

export interface CallOptions {
  /**
   * A write that may be sent twice (deleting, setting a value). Others are sent once: after a failure that leaves open
   * whether they happened (`GitHubError.mayHaveHappened`), the caller looks before it writes again.
   */
  readonly repeatable?: boolean;
  /** Another address than the API's own, as `upload_url` of a release names. */
  readonly baseUrl?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

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

export interface StreamRequest {
  readonly method: 'GET' | 'POST';
  /** Whole address. The token is sent to hosts of this GitHub only, never to where a redirect leads. */
  readonly url: string;
  /** Path for messages. */
  readonly route: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: ReadableStream<Uint8Array> | Uint8Array;
  readonly timeoutSeconds: number;
  readonly cancel?: AbortSignal;
}

/** One HTTP exchange, as told to `onExchange`; nothing of it is secret. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  /** Null when there was no answer. */
  readonly status: number | null;
}

export interface ClientOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of Assay. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly cancel: AbortSignal;
  /** Hears of waits for rate limits. */
  readonly warn: (text: string) => void;
  readonly onExchange?: (exchange: Exchange) => void;
  /** Milliseconds that stand for a second of waiting between attempts; 1000 outside tests. */
  readonly secondMs?: number;
  /** Seconds after which an attempt without a whole answer is given up; 60 when left out. */
  readonly attemptSeconds?: number;
}

export const API_VERSION = '2022-11-28';
const ATTEMPT_SECONDS = 60;
/** A job that waits longer for its limit costs more than it is worth: it says so and ends. */
const LONGEST_WAIT_SECONDS = 120;
const RETRIES = 3;
/** Writes go out one after another, as GitHub asks; so many at once before they are spaced by a second. */
const WRITES_AT_ONCE = 20;

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
  const octokit = await openOctokit({ ...options, baseUrl, token });
  const at = { ...options, octokit, owner, repo, baseUrl, token };
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

interface Connection extends ClientOptions {
  readonly octokit: Octokit;
  readonly owner: string;
  readonly repo: string;
  readonly baseUrl: string;
  readonly token: string;
}

function apiUrl(env: ClientOptions['env']): string {
  const url = env.GITHUB_API_URL || 'https://api.github.com';
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url.replace(/\/+$/, '');
  throw new UserError('GITHUB_API_URL is not an address', {
    mend: 'such as https://github.example.com/api/v3',
  });
}

/** The client libraries cost tens of milliseconds, so they are loaded when the first request is near. */
async function openOctokit(
  options: ClientOptions & { readonly baseUrl: string; readonly token: string },
): Promise<Octokit> {
  const [{ Octokit }, { throttling }, { retry }, { default: Bottleneck }] = await Promise.all([
    import('@octokit/core'),
    import('@octokit/plugin-throttling'),
    import('@octokit/plugin-retry'),
    import('bottleneck'),
  ]);
  const secondMs = options.secondMs ?? 1000;
  const wait = (kind: string) => (seconds: number, _request: object, _octokit: object, tried: number) => {
    if (seconds > LONGEST_WAIT_SECONDS || tried >= 2) return false;
    options.warn(`GitHub's ${kind} is reached: waiting ${seconds} s`);
    return true;
  };
  const writes = {
    maxConcurrent: 1,
    reservoir: WRITES_AT_ONCE,
    reservoirIncreaseAmount: 1,
    reservoirIncreaseInterval: 1000,
    reservoirIncreaseMaximum: WRITES_AT_ONCE,
  };
  const write = new Bottleneck.Group(writes);
  const unpaced = new Bottleneck.Group({});
  return new (Octokit.plugin(throttling, retry))({
    auth: options.token,
    baseUrl: options.baseUrl,
    userAgent: `assay/${options.version}`,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    request: { fetch: fetchWhole(options) },
    retry: {
      retries: RETRIES,
      retryAfterBaseValue: secondMs,
      doNotRetry: [400, 401, 403, 404, 409, 410, 413, 422, 429, 451],
    },
    throttle: {
      write,
      notifications: unpaced,
      global: new Bottleneck.Group({ maxConcurrent: 10 }),
      retryAfterBaseValue: secondMs,
      onRateLimit: wait('rate limit'),
      onSecondaryRateLimit: wait('secondary rate limit'),
    },
  });
}

/**
 * Reads the whole answer inside the attempt: octokit takes a body that was cut off for the text it got so far, where
 * this fails and is tried again.
 */
function fetchWhole(options: ClientOptions): typeof fetch {
  return async (input, init) => {
    const method = init?.method ?? 'GET';
    const url = String(input);
    const late = AbortSignal.timeout((options.attemptSeconds ?? ATTEMPT_SECONDS) * 1000);
    try {
      const response = await fetch(input, { ...init, signal: AbortSignal.any([options.cancel, late]) });
      const text = await response.text();
      if (text !== '' && /\bjson\b/.test(response.headers.get('content-type') ?? '')) JSON.parse(text);
      options.onExchange?.({ method, url, status: response.status });
      return new Response([204, 205, 304].includes(response.status) ? null : text, {
        status: response.status,
        statusText: response.statusText,
        headers: response.headers,
      });
    } catch (error) {
      options.onExchange?.({ method, url, status: null });
      options.cancel.throwIfAborted();
      throw error;
    }
  };
}

interface Answer {
  readonly data: unknown;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
}

async function send(
  at: Connection,
  route: string,
  parameters: Readonly<Record<string, unknown>>,
  options: CallOptions,
): Promise<Answer> {
  const [method = 'GET', path = ''] = route.split(' ');
  at.cancel.throwIfAborted();
  try {
    return await at.octokit.request(route, {
      ...parameters,
      ...(path.includes('{owner}') ? { owner: at.owner, repo: at.repo } : {}),
      ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
      headers: { 'x-github-api-version': API_VERSION, ...options.headers },
      request: {
        signal: at.cancel,
        // Set for every request, the plugin would repeat what it is told never to, such as a 404.
        ...(isReading(method) || options.repeatable ? {} : { retries: 0 }),
      },
    });
  } catch (error) {
    at.cancel.throwIfAborted();
    throw translate(at, { method, route: path, error });
  }
}

/** What octokit throws, in our words. Errors that are none of GitHub's stay what they are. */
function translate(
  at: Connection,
  request: { readonly method: string; readonly route: string; readonly error: unknown },
): unknown {
  const { method, route, error } = request;
  if (!(error instanceof Error)) return error;
  const { response } = error as {
    readonly response?: { status: number; headers: Answer['headers']; data: unknown };
  };
  if (!response && !('status' in error) && !/timeout|abort/i.test(error.name)) return error;
  return failed(
    at,
    {
      method,
      route,
      status: response?.status ?? null,
      headers: response?.headers ?? {},
      body: response?.data,
      detail: error.message,
    },
    error,
  );
}

function failed(at: Connection, failure: Omit<Failure, 'repository'>, cause?: unknown): GitHubError {
  const whole = { ...failure, repository: `${at.owner}/${at.repo}` };
  return new GitHubError(whole, explainFailure(whole, at.now()), withoutRequest(cause));
}

/** Octokit's error holds the request with its headers; only what it says is kept. */
function withoutRequest(cause: unknown): unknown {
  return cause instanceof Error && 'request' in cause ? new Error(cause.message) : cause;
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
  at: Connection,
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

async function stream(at: Connection, request: StreamRequest, hops = 0): Promise<Response> {
  const { method, url, route } = request;
  const late = AbortSignal.timeout(request.timeoutSeconds * 1000);
  const signal = AbortSignal.any([at.cancel, late, ...(request.cancel ? [request.cancel] : [])]);
  const own = isOwnHost(url, at.baseUrl);
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: {
        'user-agent': `assay/${at.version}`,
        'x-github-api-version': API_VERSION,
        ...(own ? { authorization: `token ${at.token}` } : {}),
        ...request.headers,
      },
      signal,
      redirect: 'manual',
      ...(request.body === undefined ? {} : { body: request.body, duplex: 'half' }),
    });
  } catch (error) {
    at.onExchange?.({ method, url, status: null });
    at.cancel.throwIfAborted();
    request.cancel?.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw failed(at, { method, route, status: null, headers: {}, body: undefined, detail }, error);
  }
  at.onExchange?.({ method, url, status: response.status });
  const location = response.headers.get('location');
  if (response.status >= 300 && response.status < 400 && location && method === 'GET' && hops < 5) {
    await response.body?.cancel();
    return stream(at, { ...request, url: new URL(location, url).href }, hops + 1);
  }
  if (response.ok) return response;
  const text = await response.text().catch(() => '');
  throw failed(at, {
    method,
    route,
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: asJson(text),
    detail: '',
  });
}

/** The API's own host, and beside `api.X` also `uploads.X`. */
function isOwnHost(url: string, baseUrl: string): boolean {
  const [host, own] = [new URL(url), new URL(baseUrl)];
  if (host.protocol !== own.protocol) return false;
  if (host.host === own.host) return true;
  // On github.com and on SUBDOMAIN.ghe.com.
  return own.host.startsWith('api.') && host.host === `uploads.${own.host.slice('api.'.length)}`;
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
