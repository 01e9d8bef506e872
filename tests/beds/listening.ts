import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Starts the server on a free port of this machine; closing it breaks the connections that are still open. */
export async function listening(
  server: Server,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
