import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** What the next connections suffer, one each, in order; whole ones when there are none. */
export interface Fault {
  /** The connection is reset after so many bytes to the server. */
  readonly cutRequestAfter?: number;
  /** The connection is reset after so many bytes to the client. */
  readonly cutResponseAfter?: number;
  /** Every piece is held back so long, both ways. */
  readonly delayMs?: number;
}

/** A TCP proxy that breaks connections, for any protocol. */
export async function faultProxy(target: { readonly host: string; readonly port: number }) {
  const faults: Fault[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    const fault = faults.shift() ?? {};
    const upstream = connect(target.port, target.host);
    const end = () => {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end).on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    forward({ from: client, to: upstream, limit: fault.cutRequestAfter, delayMs: fault.delayMs, end });
    forward({ from: upstream, to: client, limit: fault.cutResponseAfter, delayMs: fault.delayMs, end });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    get connections() {
      return connections;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(way: {
  readonly from: Socket;
  readonly to: Socket;
  readonly limit: number | undefined;
  readonly delayMs: number | undefined;
  readonly end: () => void;
}): void {
  let passed = 0;
  way.from.on('data', (chunk: Buffer) => {
    passed += chunk.length;
    const cut = way.limit !== undefined && passed > way.limit;
    const rest = cut ? chunk.subarray(0, Math.max(0, chunk.length - (passed - (way.limit ?? 0)))) : chunk;
    const send = () => {
      if (cut) way.to.write(rest, way.end);
      else if (!way.to.write(rest)) {
        way.from.pause();
        way.to.once('drain', () => way.from.resume());
      }
    };
    if (way.delayMs === undefined) send();
    else setTimeout(send, way.delayMs);
  });
  way.from.on('end', () => way.to.end());
}
