// A server process of the scenarios `unary`, whose handler runs on a CPU thread, and `unary-io`, where it runs on the IO
// thread.

import { readConfig, Server } from '../../../index.ts';
import { serveBench, served } from '../../measure/served.ts';

const pool = served().scenario === 'unary-io' ? 'io' : '{ threads: 1 }';
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
