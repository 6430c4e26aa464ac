// A plugin on two kinds of threads: each CPU thread tells what its handlers have noted, the admin thread adds it up and
// answers GET /hot-films.

import { BroadcastChannel } from 'node:worker_threads';
import { definePlugin, HeddleError } from 'heddle';
import { takeShown } from './shown.ts';

export default definePlugin({
  name: 'hot-films',
  threads: ['cpu', 'admin'],
  install(host) {
    const channel = new BroadcastChannel('hot-films');
    if (host.thread === 'cpu') {
      const tell = (): void => channel.postMessage(takeShown());
      const timer = setInterval(tell, Number(host.options.everyMs ?? 1_000));
      return () => {
        clearInterval(timer);
        channel.close();
      };
    }
    const totals = new Map<string, number>();
    channel.onmessage = (event) => {
      for (const [title, count] of event.data) totals.set(title, (totals.get(title) ?? 0) + count);
    };
    host.adminCommand({
      path: '/hot-films',
      verb: 'GET',
      summary: 'The films that were asked for most; limit: how many.',
      run({ query }) {
        const limit = Number(query.get('limit') ?? 10);
        if (!(limit >= 1)) throw new HeddleError('INVALID_ARGUMENT', 'limit must be a number from 1 on');
        const hottest = [...totals].sort(([, left], [, right]) => right - left).slice(0, limit);
        return hottest.map(([title, count]) => `${count}  ${title}\n`).join('');
      },
    });
    return () => channel.close();
  },
});
