import { parentPort } from 'node:worker_threads';
import { Batch } from './batch.js';

const handle = async (body) => body;

const batch = new Batch(parentPort, { ownsBodies: true });
const answer = async (slot, body) => batch.add(slot, await handle(body));

parentPort.on('message', ({ slots, bodies }) => {
  for (let at = 0; at < slots.length; at++) void answer(slots[at], bodies[at]);
});
