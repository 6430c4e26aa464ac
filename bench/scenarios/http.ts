// The scenario `http`: what one POST of JSON costs its server, over connections that stay open and carry one request at a
// time: on the IO thread beside Node's own server and fastify, through a CPU pool beside fastify with a worker pool.

import { compare } from '../measure/compare.ts';
import type { OwnSide, Shape } from '../measure/comparison.ts';
import { comparisonColumns, comparisonMethod, comparisonRows, ratioGoal } from '../measure/comparison-report.ts';
import type { Scenario, ScenarioOptions, ScenarioReport } from '../scenario.ts';

const shapes: readonly Shape[] = [32, 256].map((connections) => ({
  name: `${connections}`,
  connections,
  loads: [{ kind: 'call', shape: { kind: 'closed', inFlight: connections } }],
}));

const onIo = sideOf('heddle, IO thread', 'io');
const onCpu = sideOf('heddle, CPU pool', 'cpu');

/** Of the peers' processor time per request. */
const ioShareMax = 1;
const cpuShareMax = 0.5;

export const http: Scenario = {
  name: 'http',
  what: 'POST of JSON over HTTP/1.1 with keep-alive, on the IO thread and through a CPU pool: server CPU per request',
  seconds: 100,
  peers: ['node-http', 'fastify', 'fastify-piscina', 'node-cluster'],
  run: measure,
};

async function measure({ seconds, peers = [], onStep }: ScenarioOptions): Promise<ScenarioReport> {
  const comparison = await compare({ scenario: 'http', own: [onIo, onCpu], peers, shapes, seconds, onStep });
  const goalAt = (shape: string, own: OwnSide, against: string, goal: number) =>
    ratioGoal(comparison, { shape, own: own.name, against, goal });
  return {
    method: [
      'Load: as many callers as connections, a closed loop; POST of the record of `unary` as JSON, each answer compared with what was',
      'sent. All sides have the same client library here, that of `heddle bench`, and not wrk: a checkout has it, CI too, and it takes',
      'turns with all sides in one run. It is not lighter: it takes 9 to 17 µs of its own processor per request, wrk with a check in Lua',
      'some 9. How busy it was stands in the JSON, as clientShare; near 1 it would be the limit. What counts is the servers’ time.',
      '“heddle takes”: first on the IO thread, then through the pool. node-cluster has two workers; fastify-piscina and the CPU pool',
      'have one thread for handlers.',
      ...comparisonMethod(comparison),
    ],
    columns: comparisonColumns,
    rows: comparisonRows(comparison),
    goals: shapes.flatMap(({ name }) => [
      goalAt(name, onIo, 'fastify', ioShareMax),
      goalAt(name, onCpu, 'fastify-piscina', cpuShareMax),
    ]),
    comparison,
    data: {},
  };
}

function sideOf(name: string, pool: string): OwnSide {
  return {
    name,
    server: import.meta.resolve('./http/server.ts'),
    client: import.meta.resolve('./http/client.ts'),
    params: { pool, paths: { call: '/bench.Unary/echo' } },
  };
}
