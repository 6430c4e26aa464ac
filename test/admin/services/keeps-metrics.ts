// A metric sink from outside: it appends what it was given to the file that its options name.

import { appendFileSync } from 'node:fs';
import { definePlugin } from '../../../runtime/plugin.ts';

export default definePlugin({
  name: 'keeps-metrics',
  threads: ['main'],
  install(host) {
    host.metricSink({
      name: 'keeps',
      everyMs: 3_600_000,
      write(samples, { isLast }) {
        const rows = samples.map((sample) => [sample.name, sample.kind === 'histogram' ? sample.sum : sample.value]);
        appendFileSync(String(host.options.file), `${JSON.stringify({ isLast, rows })}\n`);
      },
    });
    return undefined;
  },
});
