import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listening } from '../listening.js';
import { complete, OPERATIONS, type Operation, requestViolation, violation } from './contract.js';
import { answerGraphql } from './graphql.js';
import { type Answer, HANDLERS, refuse } from './handlers.js';
import { emptyRepository, type Level, type Repository, type Token } from './state.js';

/**
 * A GitHub of one repository, over HTTP: it knows tokens and their permissions, keeps the limits that the real one
 * keeps, and holds every request and every answer against the published contract.
 */

export interface Request {
  readonly method: string;
  readonly path: string;
  /** Of the contract, with placeholders. */
  readonly route: string;
  readonly body: unknown;
  status: number;
}

export interface GitHubBed {
  readonly url: string;
  readonly repository: Repository;
  /** Whatever was asked, in order. */
  readonly requests: Request[];
  /** Variables as a workflow of that repository has them. */
  env(token?: Partial<Token>): Record<string, string>;
  /** Called before a request is answered: what it returns is the answer instead. */
  intercept: ((request: Request) => Answer | 'hang up after doing it' | undefined) | undefined;
  /** Content-creating requests a minute before the secondary limit; unlimited when undefined. */
  writesPerMinute: number | undefined;
  close(): Promise<void>;
}

const ALL: Readonly<Record<string, Level>> = {
  actions: 'write',
  checks: 'write',
  contents: 'write',
  deployments: 'write',
  issues: 'write',
  pull_requests: 'write',
};
/** What the token of a fork's pull request may do, whatever the workflow asks for. */
export const FORK_TOKEN: Partial<Token> = {
  permissions: Object.fromEntries(Object.keys(ALL).map((name) => [name, 'read' as const])),
};

/** Starts a bed; `close` throws when anything was sent or answered that the contract does not have. */
export async function gitHubBed(name = 'team/models'): Promise<GitHubBed> {
  const repository = emptyRepository(name);
  const tokens = new Map<string, Token>();
  const requests: Request[] = [];
  const violations: string[] = [];
  let ids = 1000;
  let writes = 0;
  const server = createServer((request, response) => {
    answerRequest(request, response).catch((error: unknown) => {
      violations.push(String(error));
      response.writeHead(500).end();
    });
  });
  const { url, close } = await listening(server);

  const bed: GitHubBed = {
    url,
    repository,
    requests,
    intercept: undefined,
    writesPerMinute: undefined,
    env: (given = {}) => {
      const text = `ghs_bed${String(tokens.size).padStart(30, '0')}`;
      tokens.set(text, { login: 'github-actions[bot]', type: 'Bot', permissions: ALL, ...given });
      return {
        GITHUB_ACTIONS: 'true',
        GITHUB_API_URL: url,
        GITHUB_SERVER_URL: url,
        GITHUB_REPOSITORY: name,
        GITHUB_TOKEN: text,
      };
    },
    close: async () => {
      await close();
      if (violations.length > 0) throw new Error(`not as GitHub documents it:\n${violations.join('\n')}`);
    },
  };

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const { pathname, searchParams } = new URL(request.url ?? '', url);
    const method = request.method ?? '';
    const [, kind, id] = /^\/blobs\/(asset|artifact)\/(\d+)$/.exec(pathname) ?? [];
    if (kind !== undefined) return sendBlob(response, kind, Number(id));
    const found = operationFor(method, pathname);
    const isUpload = pathname.startsWith('/uploads/');
    const body = isUpload || bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'));
    const seen: Request = {
      method,
      path: pathname + (searchParams.size > 0 ? `?${searchParams}` : ''),
      route: found?.operation.name ?? pathname,
      body,
      status: 0,
    };
    requests.push(seen);
    const intercepted = bed.intercept?.(seen);
    let answer: Answer;
    if (intercepted !== undefined && intercepted !== 'hang up after doing it') answer = intercepted;
    else answer = await decide(request, { seen, found, searchParams, body, bytes });
    seen.status = answer.status;
    if (intercepted === 'hang up after doing it') {
      seen.status = 0;
      request.socket.destroy();
      return;
    }
    const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
    response.writeHead(answer.status, {
      ...(text === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      'x-ratelimit-limit': '1000',
      'x-ratelimit-remaining': String(Math.max(0, 1000 - requests.length)),
      ...answer.headers,
    });
    response.end(text);
  }

  async function decide(
    request: IncomingMessage,
    given: {
      readonly seen: Request;
      readonly found: ReturnType<typeof operationFor>;
      readonly searchParams: URLSearchParams;
      readonly body: unknown;
      readonly bytes: Buffer;
    },
  ): Promise<Answer> {
    const { seen, found, searchParams, body, bytes } = given;
    const token = tokens.get((request.headers.authorization ?? '').replace(/^(token|bearer) /i, ''));
    if (!token) return refuse(401, 'Bad credentials');
    if (!request.headers['user-agent']) return refuse(403, 'Request forbidden by administrative rules.');
    if (seen.path === '/graphql') {
      const query = body as { readonly query: string };
      const unknown = Object.keys(query).find(
        (key) => !['query', 'variables', 'operationName'].includes(key),
      );
      if (unknown) violations.push(`GraphQL has no "${unknown}" beside the query`);
      if (/^\s*mutation/.test(query.query) && token.permissions.pull_requests !== 'write') {
        return {
          status: 200,
          body: {
            data: null,
            errors: [{ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }],
          },
        };
      }
      return { status: 200, body: await answerGraphql(query, { repository, token, url }) };
    }
    if (!found) {
      violations.push(`${seen.method} ${seen.path} is not in the contract`);
      return refuse(404, 'Not Found');
    }
    const { operation, params } = found;
    const wrong = requestViolation(operation, { query: searchParams, body });
    if (wrong) violations.push(`${operation.name}: ${wrong}`);
    if (`${params.owner}/${params.repo}` !== repository.name) return refuse(404, 'Not Found');
    const handler = HANDLERS[operation.name];
    if (!handler) throw new Error(`${operation.name} has no handler`);
    if (handler.needs.length > 0 && !handler.needs.some((one) => isGranted(token, one))) {
      const accepted = { 'x-accepted-github-permissions': handler.needs.join('; ') };
      return { ...refuse(403, 'Resource not accessible by integration'), headers: accepted };
    }
    if (operation.method === 'POST' && bed.writesPerMinute !== undefined && ++writes > bed.writesPerMinute) {
      return {
        ...refuse(403, 'You have exceeded a secondary rate limit. Please wait a few minutes.'),
        headers: { 'retry-after': '60' },
      };
    }
    if (operation.body) {
      const refused = violation(operation.body, body ?? {});
      if (refused) return refuse(422, 'Invalid request.', [refused]);
    }
    const answer = handler.run({
      repository,
      token,
      url,
      params,
      query: searchParams,
      body,
      bytes,
      headers: request.headers,
      id: () => ids++,
    });
    return documented(operation, answer);
  }

  /** The answer made whole, and held against the contract when it is documented. */
  function documented(operation: Operation, answer: Answer): Answer {
    const schema = operation.answers[String(answer.status)];
    if (schema === undefined) {
      if (answer.status < 400)
        violations.push(`${operation.name} answers ${answer.status}, which is not documented`);
      return answer;
    }
    if (schema === null || answer.status >= 400) return answer;
    const body = complete(schema, answer.body);
    const wrong = violation(schema, body);
    if (wrong) violations.push(`${operation.name} answers ${answer.status}: ${wrong}`);
    return { ...answer, body };
  }

  function sendBlob(response: ServerResponse, kind: string, id: number): void {
    const bytes =
      kind === 'artifact'
        ? repository.artifacts.find((one) => one.id === id)?.zip
        : repository.releases.flatMap((one) => one.assets).find((one) => one.id === id)?.bytes;
    requests.push({
      method: 'GET',
      path: `/blobs/${kind}/${id}`,
      route: '/blobs',
      body: undefined,
      status: bytes ? 200 : 404,
    });
    response.writeHead(bytes ? 200 : 404, bytes ? { 'content-length': bytes.length } : {}).end(bytes);
  }

  return bed;
}

function operationFor(method: string, pathname: string) {
  const path = pathname.replace(/^\/uploads\//, '/');
  for (const operation of OPERATIONS) {
    const groups = operation.method === method ? operation.pattern.exec(path)?.groups : undefined;
    if (groups) {
      const params = Object.fromEntries(
        Object.entries(groups).map(([key, value]) => [key, decodeURIComponent(value)]),
      );
      return { operation, params };
    }
  }
  return undefined;
}

function isGranted(token: Token, permission: string): boolean {
  const [name = '', level] = permission.split('=');
  const has = token.permissions[name];
  return has === 'write' || (has === 'read' && level === 'read');
}

/** The conversation as a reviewer reads it: requests with what they say, long texts as their first line and length. */
export function conversation({ requests, url }: GitHubBed): string {
  return requests
    .map(
      ({ method, path, body, status }) =>
        `${method} ${path} → ${status}${body === undefined ? '' : `\n${indent(shortened(body))}`}`,
    )
    .join('\n')
    .replaceAll(url, 'https://github.test');
}

function indent(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/^/gm, '    ');
}

function shortened(value: unknown): unknown {
  if (typeof value === 'string') {
    const [first = '', ...more] = value.trim().split('\n');
    return more.length === 0 ? value : `${first} … (${more.length} more lines)`;
  }
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shortened(one)]));
}
