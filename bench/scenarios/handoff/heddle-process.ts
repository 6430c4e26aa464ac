// The process of `heddle, a service` in the scenario `handoff`: a whole server of one IO thread and one CPU thread, as its
// config says; orders go to the IO thread over a connection (caller-plugin.ts).

import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { readConfig, Server } from '../../../index.ts';
import { type Answer, takeOrders } from './subject.ts';

const text = `
io: { threads: 1 }
log: { level: warn }
plugins: [ ./caller-plugin.ts ]
services:
  bench.Handoff:
    module: ./handlers.ts
    pool: { threads: 1, maxFibers: 1024, queue: 2048 }
    listen: ["handoff://127.0.0.1:0"]
`;
const { settings, problems } = readConfig({ file: `${import.meta.dirname}/heddle.yaml`, text });
if (settings === undefined) throw new Error(JSON.stringify(problems));
const server = new Server(settings);
await server.start();
const socket = connect(server.addresses[0]!.port, '127.0.0.1');
await once(socket, 'connect');
const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
takeOrders(
  async (order) => {
    socket.write(`${JSON.stringify(order)}\n`);
    const answer = await answers.next();
    if (answer.done) throw new Error('the IO thread has closed its connection');
    return JSON.parse(answer.value) as Answer;
  },
  () => {
    socket.destroy();
    return server.stop();
  },
);
