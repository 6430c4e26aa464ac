// The scenarios `unary` and `unary-io`: what one request costs its server: a record of 95 bytes in and out, over connections
// that stay open, handled on a CPU thread or on the IO thread; beside what the same costs with others.

import { compare } from '../measure/compare.ts';
import { type Comparison, closedShape, type Shape } from '../measure/comparison.ts';
import { comparisonColumns, comparisonMethod, comparisonRows, ratioGoal } from '../measure/comparison-report.ts';
import type { Goal, Scenario, ScenarioOptions, ScenarioReport } from '../scenario.ts';

const shapes: readonly Shape[] = [
  [1, 1],
  [32, 1],
  [32, 8],
  [256, 1],
  [256, 8],
].map(([inFlight, connections]) => closedShape(inFlight!, connections!));

/** They speak their own protocols over connections that stay open, and serve on their event loop. */
const rpcPeers = ['moleculer', 'nestjs-tcp', 'tars', 'avsc', 'thrift', 'grpc-js'];
/** Its server is written as no documentation has it: stands beside those that the goals are against, with a line of its own. */
const tunedPeer = 'avsc-corked';

export const unary: Scenario = {
  name: 'unary',
  what: 'a record of 95 bytes in and out, through a CPU pool: server CPU per request',
  seconds: 160,
  peers: [...rpcPeers, 'fastify-piscina', tunedPeer],
  run: async (options) => {
    const comparison = await measure('unary', options);
    const documented = [...rpcPeers, 'fastify-piscina'];
    return reportOf(comparison, 'One IO thread, one CPU thread; fastify+piscina has one worker thread too.', [
      ratioGoal(comparison, { shape: '256/8', against: 'best', among: documented, goal: 0.5, stretch: 0.33 }),
      ratioGoal(comparison, { shape: '256/8', against: tunedPeer, goal: 0.5, stretch: 0.33 }),
      ratioGoal(comparison, { shape: '32/8', against: 'best', among: documented, goal: 0.7, stretch: 0.5 }),
      ratioGoal(comparison, { shape: '32/8', against: tunedPeer, goal: 0.7, stretch: 0.5 }),
      ratioGoal(comparison, { shape: '1/1', against: 'fastify-piscina', goal: 0.6 }),
    ]);
  },
};

export const unaryIo: Scenario = {
  name: 'unary-io',
  what: 'the same on the IO thread, as the peers do it; and beside a bare echo of bytes',
  seconds: 130,
  peers: [...rpcPeers, 'fastify', tunedPeer, 'net-echo'],
  run: async (options) => {
    const comparison = await measure('unary-io', options);
    return reportOf(comparison, 'One IO thread. net-echo sends 64 bytes back, one write for each read.', [
      ratioGoal(comparison, {
        shape: '256/8',
        against: 'best',
        among: [...rpcPeers, 'fastify'],
        goal: 0.33,
        stretch: 0.25,
      }),
      ratioGoal(comparison, { shape: '256/8', against: tunedPeer, goal: 0.33, stretch: 0.25 }),
      ratioGoal(comparison, { shape: '256/8', against: 'net-echo', goal: 3.5 }),
    ]);
  },
};

function measure(scenario: string, { seconds, peers = [], onStep }: ScenarioOptions): Promise<Comparison> {
  const heddle = {
    name: 'heddle',
    server: import.meta.resolve('./unary/server.ts'),
    client: import.meta.resolve('./unary/client.ts'),
  };
  return compare({ scenario, own: [heddle], peers, shapes, seconds, onStep });
}

function reportOf(comparison: Comparison, threads: string, goals: readonly Goal[]): ScenarioReport {
  return {
    method: [
      `Load: calls in flight/connections, a closed loop; each answer is decoded and compared with what was sent. ${threads}`,
      'Goals are against the best of the peers whose servers are as their documentation has them; against avsc with sockets that its',
      'user corks for each turn, which its documentation has not, each stands again in a line of its own.',
      ...comparisonMethod(comparison),
    ],
    columns: comparisonColumns,
    rows: comparisonRows(comparison),
    goals,
    comparison,
    data: {},
  };
}
