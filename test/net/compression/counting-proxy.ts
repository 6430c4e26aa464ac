// A TCP proxy in front of a server that counts the bytes each way: what travels, whatever the two ends say of it.

import net, { type AddressInfo } from 'node:net';

export interface CountingProxy extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** Bytes to the server and back since the last call. */
  take(): { sentBytes: number; receivedBytes: number };
}

export async function countingProxy(target: string): Promise<CountingProxy> {
  const [host, port] = target.split(':');
  const sockets = new Set<net.Socket>();
  let sentBytes = 0;
  let receivedBytes = 0;
  const server = net.createServer((near) => {
    const far = net.connect({ host: host!, port: Number(port) });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (chunk) => {
      sentBytes += chunk.length;
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      receivedBytes += chunk.length;
      near.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = { sentBytes, receivedBytes };
      sentBytes = 0;
      receivedBytes = 0;
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<unknown>((resolve) => server.close(resolve));
    },
  };
}
