import { explainFailure, type Failure, GitHubError } from './failure.js';

/** What every request to GitHub's API has in common: where it goes, who asks, and how a failure is told. */

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

export interface Connection extends ClientOptions {
  readonly owner: string;
  readonly repo: string;
  /** Of the REST API, without a slash at the end. */
  readonly baseUrl: string;
  readonly token: string;
}

export const API_VERSION = '2022-11-28';

export function failed(at: Connection, failure: Omit<Failure, 'repository'>, cause?: unknown): GitHubError {
  const whole = { ...failure, repository: `${at.owner}/${at.repo}` };
  return new GitHubError(whole, explainFailure(whole, at.now()), withoutRequest(cause));
}

/** Octokit's error holds the request with its headers; only what it says is kept. */
function withoutRequest(cause: unknown): unknown {
  return cause instanceof Error && 'request' in cause ? new Error(cause.message) : cause;
}
