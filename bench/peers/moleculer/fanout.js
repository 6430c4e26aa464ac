// The front of the scenario `fanout`: a service that calls those of five other nodes.

import { startBackends } from '../../measure/backends.ts';
import { backendCount, merge } from '../../scenarios/fanout/task.ts';

const ports = await startBackends(import.meta.resolve('./fanout-backends.js'));
export const urls = ports.map((port, at) => `tcp://127.0.0.1:${port}/backend-${at}`);
const actions = Array.from({ length: backendCount }, (_, at) => `backend${at}.search`);

export const front = {
  name: 'front',
  dependencies: Array.from({ length: backendCount }, (_, at) => `backend${at}`),
  actions: {
    async search(ctx) {
      const answers = await Promise.all(actions.map((action) => ctx.call(action, ctx.params)));
      const lists = answers.map(({ hits }) => hits);
      return { hits: merge(lists, ctx.params.limit) };
    },
  },
};
