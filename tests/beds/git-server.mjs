import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

/** A real git server (git http-backend behind node:http, by CGI: RFC 3875), with a hook for faults. */
export async function startGitServer({ root, env = process.env, fault = () => undefined }) {
  const requests = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const seen = {
      method: request.method,
      path: url.pathname,
      query: url.search.slice(1),
      authorization: request.headers.authorization,
    };
    requests.push(seen);
    const wrong = fault(seen, requests.length);
    if (wrong === 'reset') {
      request.socket.destroy();
      return;
    }
    if (wrong?.status) {
      request.resume();
      response.writeHead(wrong.status, wrong.headers ?? {}).end(wrong.body ?? '');
      return;
    }
    setTimeout(() => serve({ request, response, url, root, env, wrong: wrong ?? {} }), wrong?.delayMs ?? 0);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve({ request, response, url, root, env, wrong }) {
  const { cutAfter, cutRequestAfter, loseAnswer } = wrong;
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...env,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'ada',
      REMOTE_ADDR: '127.0.0.1',
    },
  });
  backend.stdin.on('error', () => {});
  let taken = 0;
  request.on('data', (chunk) => {
    taken += chunk.length;
    if (cutRequestAfter !== undefined && taken > cutRequestAfter) {
      backend.stdin.end();
      request.socket.destroy();
    } else backend.stdin.write(chunk);
  });
  request.on('end', () => backend.stdin.end());
  // As a web server does with a client that went away in the middle of its upload.
  request.on('close', () => backend.stdin.end());
  let head = Buffer.alloc(0);
  let started = false;
  let bytes = 0;
  const send = (chunk) => {
    if (loseAnswer) return;
    bytes += chunk.length;
    if (cutAfter !== undefined && bytes > cutAfter) request.socket.destroy();
    else response.write(chunk);
  };
  backend.stdout.on('data', (chunk) => {
    if (started) {
      send(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    started = true;
    const fields = head
      .toString('latin1', 0, end)
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]);
    const status = Number(fields.find(([name]) => name === 'Status')?.[1].slice(0, 3) ?? 200);
    if (!loseAnswer)
      response.writeHead(status, Object.fromEntries(fields.filter(([name]) => name !== 'Status')));
    send(head.subarray(end + 4));
  });
  backend.on('close', () => (loseAnswer ? request.socket.destroy() : response.end()));
}
