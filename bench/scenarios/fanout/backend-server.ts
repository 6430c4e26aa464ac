// The process of the backends in the scenario `fanout`: five services, each at its own address.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { readConfig, Server } from '../../../index.ts';
import { serveBackends } from '../../measure/backends.ts';
import { backendCount } from './task.ts';

const ports = await freePorts(backendCount);
// 256 requests of the front are 1,280 here.
const text = `
io: { threads: 1, maxFibers: 2048, queue: 2048 }
log: { level: warn }
services:
${ports.map((port, at) => `  bench.Backend${at + 1}: { module: ./backends/${at + 1}.ts, pool: io, listen: ["heddle://127.0.0.1:${port}"] }`).join('\n')}
`;
const { settings, problems } = readConfig({ file: `${import.meta.dirname}/heddle.yaml`, text });
if (settings === undefined) throw new Error(JSON.stringify(problems));
const server = new Server(settings);
await server.start();
serveBackends(ports);

/** Port 0 would be one listener that all services share. */
async function freePorts(count: number): Promise<number[]> {
  const holders = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(holders.map((holder) => once(holder, 'listening')));
  const found = holders.map((holder) => (holder.address() as AddressInfo).port);
  await Promise.all(holders.map((holder) => once(holder.close(), 'close')));
  return found;
}
