// A server process of the scenario `http`: protocol `http` on one IO thread, the handler there too (`params.pool` is `io`) or
// on one CPU thread.

import { readConfig, Server } from '../../../index.ts';
import { serveBench, served } from '../../measure/served.ts';

const pool = served().params.pool === 'io' ? 'io' : '{ threads: 1 }';
const text = `
io: { threads: 1 }
log: { level: warn }
services:
  bench.Unary: { module: ../unary/handlers.ts, pool: ${pool}, listen: ["http://127.0.0.1:0"] }
`;
const { settings, problems } = readConfig({ file: `${import.meta.dirname}/heddle.yaml`, text });
if (settings === undefined) throw new Error(JSON.stringify(problems));
const server = new Server(settings);
await server.start();
serveBench(server.addresses[0]!.port, () => server.stop());
