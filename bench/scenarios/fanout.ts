// The scenario `fanout`: what it costs a server to ask five backends at once and to merge what they say. The backends wait 2 ms
// each, by a timer, in a process of their own: of it nothing is counted.

import { compare } from '../measure/compare.ts';
import { closedShape, type OwnSide, type Shape } from '../measure/comparison.ts';
import { comparisonColumns, comparisonMethod, comparisonRows, ratioGoal } from '../measure/comparison-report.ts';
import type { Scenario } from '../scenario.ts';
import { backendCount, backendMs } from './fanout/task.ts';

const shapes: readonly Shape[] = [
  [32, 8],
  [256, 8],
].map(([inFlight, connections]) => closedShape(inFlight!, connections!));

const script = {
  server: import.meta.resolve('./fanout/server.ts'),
  client: import.meta.resolve('./fanout/client.ts'),
};
const own: readonly OwnSide[] = [
  { name: 'heddle', ...script, params: { pool: 'cpu' } },
  { name: 'heddle, IO thread', ...script, params: { pool: 'io' } },
];

export const fanout: Scenario = {
  name: 'fanout',
  what: `a method that calls ${backendCount} backends of ${backendMs} ms and merges: CPU of the server that calls them`,
  seconds: 80,
  peers: ['moleculer', 'undici', 'grpc-js'],
  run: async ({ seconds, peers = [], onStep }) => {
    const comparison = await compare({ scenario: 'fanout', own, peers, shapes, seconds, onStep });
    return {
      method: [
        `Load: calls in flight/connections, a closed loop. Each calls ${backendCount} backends at once; they listen on ports of their own in one process`,
        `of the side’s own kind, wait ${backendMs} ms and answer with four hits each; the ten best go back and are compared. CPU is that of the`,
        'front alone. “heddle”: one IO thread, which owns the connections to the backends, and one CPU thread; “heddle, IO thread”: all on one.',
        ...comparisonMethod(comparison),
      ],
      columns: comparisonColumns,
      rows: comparisonRows(comparison),
      goals: shapes.map(({ name }) => ratioGoal(comparison, { shape: name, against: 'moleculer', goal: 0.25 })),
      comparison,
      data: {},
    };
  },
};
