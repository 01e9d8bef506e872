import { createServer, request as forward, type IncomingHttpHeaders } from 'node:http';
import { listening } from './listening.js';

/** What passes through the front. */
export interface Passing {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** An answer in the server's place, other headers for the server, or nothing: the request passes as it is. */
export type Ruling =
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  | { readonly send: IncomingHttpHeaders }
  | undefined;

/** Before an HTTP server that does not check signatures: answers in its place, or changes what is asked. */
export async function httpFront(target: string, rule: (passing: Passing) => Ruling) {
  const seen: Passing[] = [];
  const server = createServer((incoming, answer) => {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const passing = { method, path, headers };
    seen.push(passing);
    const ruling = rule(passing);
    if (ruling && 'status' in ruling) {
      incoming.resume().on('end', () => answer.writeHead(ruling.status, ruling.headers).end(ruling.body));
      return;
    }
    const onward = forward(`${target}${path}`, { method, headers: ruling?.send ?? headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    incoming.on('error', () => onward.destroy());
    incoming.pipe(onward);
  });
  return { ...(await listening(server)), seen };
}
