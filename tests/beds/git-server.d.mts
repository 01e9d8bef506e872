export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly authorization: string | undefined;
}

/** What goes wrong with a request: the connection, a status instead of an answer, or only that it takes long. */
export type Fault =
  | 'reset'
  /** The connection breaks after so many bytes of the answer. */
  | { readonly cutAfter: number }
  /** … of the request. */
  | { readonly cutRequestAfter: number }
  /** All is done as asked, and the connection breaks before the client hears of it. */
  | { readonly loseAnswer: true }
  | { readonly delayMs: number }
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    };

export interface GitServer {
  readonly address: string;
  readonly requests: readonly SeenRequest[];
  stop(): Promise<void>;
}

/** @param options `root` holds the bare repositories; `fault` is asked at each request, counted from 1 */
export function startGitServer(options: {
  readonly root: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly fault?: (request: SeenRequest, count: number) => Fault | undefined;
}): Promise<GitServer>;
