// A server process of the scenario `overload`: `server.ts <protected|unprotected>`: with an adaptive limit, and nothing
// started that cannot finish; or with neither.

import { readConfig, Server } from '../../../index.ts';
import { serveBench } from '../../measure/served.ts';

const isProtected = process.argv[2] === 'protected';
const text = `
io: { threads: 1 }
log: { level: warn }
admin: { address: none }
services:
  bench.Overload:
    module: ./handlers.ts
    pool: { threads: 1 }
    adaptive: { enabled: ${isProtected} }
    startLate: ${!isProtected}
    listen: ["heddle://127.0.0.1:0"]
`;
const { settings, problems } = readConfig({ file: `${import.meta.dirname}/heddle.yaml`, text });
if (settings === undefined) throw new Error(JSON.stringify(problems));
const server = new Server(settings);
await server.start();
serveBench(server.addresses[0]!.port, () => server.stop());
