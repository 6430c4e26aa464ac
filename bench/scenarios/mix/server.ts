// A server process of the scenario `mix`: what burns has a pool of one CPU thread to itself; the rest runs in the pool that
// `params.trivial` says.

import { readConfig, Server } from '../../../index.ts';
import { serveBench, served } from '../../measure/served.ts';

// Who names the same address shares its listener.
const text = `
io: { threads: 1 }
log: { level: warn }
services:
  bench.Trivial: { module: ./trivial.ts, pool: ${served().params.trivial}, listen: ["heddle://127.0.0.1:0"] }
  bench.Heavy: { module: ./heavy.ts, pool: { threads: 1 }, listen: ["heddle://127.0.0.1:0"] }
`;
const { settings, problems } = readConfig({ file: `${import.meta.dirname}/heddle.yaml`, text });
if (settings === undefined) throw new Error(JSON.stringify(problems));
const server = new Server(settings);
await server.start();
serveBench(server.addresses[0]!.port, () => server.stop());
