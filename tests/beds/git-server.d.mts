export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly authorization: string | undefined;
}

/** What goes wrong with a request: the connection, before or after so many bytes of the answer; or a status instead of an answer. */
export type Fault =
  | 'reset'
  | { readonly cutAfter: number }
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
