import { createServer, type IncomingMessage } from 'node:http';
import { listening } from './listening.js';

/** One answer of a scripted server; `cut` closes the connection in the middle of the body, `silent` never answers. */
export type Scripted =
  | {
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly cut?: boolean;
    }
  | 'silent'
  | 'hang up';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A real HTTP server that gives the answers in order, the last one for ever; it is for what a working server never does. */
export async function scriptedServer(answers: readonly Scripted[]) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = answers[Math.min(seen.length, answers.length - 1)];
    seen.push({
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    });
    if (answer === undefined || answer === 'silent') return;
    if (answer === 'hang up') {
      request.socket.destroy();
      return;
    }
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {});
    const length = Buffer.byteLength(text);
    response.writeHead(answer.status, {
      'content-type': 'application/json; charset=utf-8',
      ...(answer.status === 204 ? {} : { 'content-length': length }),
      ...answer.headers,
    });
    if (answer.cut) response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
    else response.end(answer.status === 204 ? undefined : text);
  });
  return { ...(await listening(server)), seen };
}
