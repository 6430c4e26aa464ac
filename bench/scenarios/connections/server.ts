// A server process of the scenario `connections`: main accepts, the IO thread owns the connections and answers.

import { readConfig, Server } from '../../../index.ts';
import { serveBench } from '../../measure/served.ts';

const text = `
io: { threads: 1, maxFibers: 2048 }
log: { level: warn }
limits: { connections: 100000, idleTimeout: 1h }
services:
  bench.Connections: { module: ./handlers.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
`;
const { settings, problems } = readConfig({ file: `${import.meta.dirname}/heddle.yaml`, text });
if (settings === undefined) throw new Error(JSON.stringify(problems));
const server = new Server(settings);
await server.start();
serveBench(server.addresses[0]!.port, () => server.stop());
