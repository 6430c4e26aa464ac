// A server process of the scenario `fanout`: the front, whose handler runs where `pool` of its parameters says. Its backends
// are another process.

import { readConfig, Server } from '../../../index.ts';
import { startBackends } from '../../measure/backends.ts';
import { serveBench, served } from '../../measure/served.ts';

const pool = served().params.pool === 'io' ? 'io' : '{ threads: 1 }';
const ports = await startBackends(import.meta.resolve('./backend-server.ts'));
// 256 requests make 1,280 calls, which may all wait for the IO thread at once.
const text = `
io: { threads: 1, queue: 2048 }
log: { level: warn }
services:
  bench.Front: { module: ./front-handlers.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0"] }
clients:
${ports.map((port, at) => `  bench.Backend${at + 1}: { target: "heddle://127.0.0.1:${port}" }`).join('\n')}
`;
const { settings, problems } = readConfig({ file: `${import.meta.dirname}/heddle.yaml`, text });
if (settings === undefined) throw new Error(JSON.stringify(problems));
const server = new Server(settings);
await server.start();
serveBench(server.addresses[0]!.port, () => server.stop());
