import { API_VERSION, type Connection, failed } from './connection.js';

/** Bytes to and from GitHub, never held in memory. */

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

export async function stream(at: Connection, request: StreamRequest, hops = 0): Promise<Response> {
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
