// A server process of the scenario `scale`: the echo of `unary`, with as many threads of each kind as its parameters say.

import { readConfig, Server } from '../../../index.ts';
import { serveBench, served } from '../../measure/served.ts';

const { io, cpu } = served().params as { io: number; cpu: number };
const pool = cpu === 0 ? 'io' : `{ threads: ${cpu} }`;
const text = `
io: { threads: ${io} }
log: { level: warn }
services:
  bench.Unary: { module: ../unary/handlers.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0"] }
`;
const { settings, problems } = readConfig({ file: `${import.meta.dirname}/heddle.yaml`, text });
if (settings === undefined) throw new Error(JSON.stringify(problems));
const server = new Server(settings);
await server.start();
serveBench(server.addresses[0]!.port, () => server.stop());
