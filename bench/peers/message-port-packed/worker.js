import { parentPort } from 'node:worker_threads';
import { Batch, eachOf } from './batch.js';

const handle = async (body) => body;

const batch = new Batch(parentPort, { ownsBodies: true });
const answer = async (slot, body) => batch.add(slot, await handle(body));

parentPort.on('message', (message) => eachOf(message, answer));
