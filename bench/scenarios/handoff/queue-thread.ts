// The thread that answers in `heddle, the queue`.

import { type MessagePort, workerData } from 'node:worker_threads';
import { systemClock } from '../../../runtime/clock.ts';
import type { ThreadInit } from '../../../runtime/thread-control.ts';
import { ThreadEndpoint } from '../../../runtime/thread-endpoint.ts';
import { echoMethod } from './methods.ts';
import { HandlerWork } from './queue-work.ts';
import { threadCpuUs } from './subject.ts';

const work = new HandlerWork(async (method, body) => {
  if (method === echoMethod) return body;
  const answer = Buffer.alloc(8);
  answer.writeDoubleLE(threadCpuUs());
  return answer;
});
const { init, control } = workerData as { init: ThreadInit; control: MessagePort };
work.endpoint = new ThreadEndpoint(init, control, systemClock, work);
work.endpoint.tell({ type: 'ready', methods: [] });
