// A server process of the scenario `unary`: `server.ts <pool>`, where the handler runs on a CPU thread (`cpu`) or on the IO
// thread (`io`).

import { readConfig, Server } from '../../../index.ts';
import { serveBench } from '../../measure/served.ts';

const pool = process.argv[2] === 'io' ? 'io' : '{ threads: 1 }';
const text = `
io: { threads: 1 }
log: { level: warn }
services:
  bench.Unary: { module: ./handlers.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0"] }
`;
const { settings, problems } = readConfig({ file: `${import.meta.dirname}/heddle.yaml`, text });
if (settings === undefined) throw new Error(JSON.stringify(problems));
const server = new Server(settings);
await server.start();
serveBench(server.addresses[0]!.port, () => server.stop());
