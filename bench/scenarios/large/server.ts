// A server process of the scenario `large`, whose handler runs where `pool` of its parameters says.

import { readConfig, Server } from '../../../index.ts';
import { serveBench, served } from '../../measure/served.ts';

const pool = served().params.pool === 'io' ? 'io' : '{ threads: 1 }';
const text = `
io: { threads: 1 }
log: { level: warn }
services:
  bench.Large: { module: ./handlers.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0"] }
`;
const { settings, problems } = readConfig({ file: `${import.meta.dirname}/heddle.yaml`, text });
if (settings === undefined) throw new Error(JSON.stringify(problems));
const server = new Server(settings);
await server.start();
serveBench(server.addresses[0]!.port, () => server.stop());
