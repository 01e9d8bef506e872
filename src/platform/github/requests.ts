import type { Octokit } from '@octokit/core';
import { API_VERSION, type Connection, failed } from './connection.js';
import { isReading } from './failure.js';

/** Requests in JSON by octokit: how often one is tried, how fast they follow each other, how long an answer may take. */

export interface Sender extends Connection {
  readonly octokit: Octokit;
}

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

const ATTEMPT_SECONDS = 60;
/** A job that waits longer for its limit costs more than it is worth: it says so and ends. */
const LONGEST_WAIT_SECONDS = 120;
const RETRIES = 3;
/** Writes go out one after another, as GitHub asks; so many at once before they are spaced by a second. */
const WRITES_AT_ONCE = 20;

/** As octokit hands it over. */
export interface Answer {
  readonly data: unknown;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
}

/** One request, tried again as its kind allows. Throws GitHubError. */
export async function send(
  at: Sender,
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

/** The client libraries cost tens of milliseconds, so they are loaded when the first request is near. */
export async function openOctokit(options: Connection): Promise<Octokit> {
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
function fetchWhole(options: Connection): typeof fetch {
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
