// The scenario `mix`: few requests that burn a processor beside many that need next to nothing. How long do the many wait?
// An open loop: requests come as independent users send them, and each latency counts from when its request was meant to
// begin.

import type { LoadShape } from '../../load/options.ts';
import { compare } from '../measure/compare.ts';
import type { Comparison, OwnSide, Shape } from '../measure/comparison.ts';
import {
  comparisonColumns,
  comparisonMethod,
  comparisonRows,
  figuresOf,
  ratioGoal,
  spreadText,
} from '../measure/comparison-report.ts';
import type { Goal, Scenario, ScenarioOptions, ScenarioReport } from '../scenario.ts';
import { burnMs } from './mix/burn.ts';

const ratesPerSecond = [200, 600] as const;
const heavyShare = 0.05;
/** For each service of a side; HTTP has one request at a time on each. */
const connections = 64;

const shapes: readonly Shape[] = ratesPerSecond.map((rate) => ({
  name: shapeName(rate),
  connections,
  loads: [
    { kind: 'trivial', shape: openLoop((1 - heavyShare) * rate) },
    { kind: 'heavy', shape: openLoop(heavyShare * rate) },
  ],
}));

const own: OwnSide = {
  name: 'heddle',
  server: import.meta.resolve('./mix/server.ts'),
  client: import.meta.resolve('./mix/client.ts'),
  params: { trivial: 'io' },
};

/** Of one run, s: in less there may be no heavy request. */
const sampleSecondsMin = 0.2;
/** Of each side at each rate: rounds, and a warm-up of two. */
const samples = 7;

/** Who gives heavy requests a thread of their own, as Heddle does. */
const rival = 'fastify-piscina';
/** The goals. */
const p99MsMax = 4;
const p99ShareMax = 1;

export const mix: Scenario = {
  name: 'mix',
  what: `${heavyShare * 100} % of requests burn ${burnMs} ms of processor time: p99 of the others, in an open loop`,
  seconds: 140,
  peers: ['fastify', 'grpc-js', 'node-cluster', rival],
  run: measure,
};

async function measure({ seconds, peers = [], onStep }: ScenarioOptions): Promise<ScenarioReport> {
  const secondsMin = (1 + peers.length) * shapes.length * samples * sampleSecondsMin;
  const options = { scenario: 'mix', own: [own], peers, shapes, seconds: Math.max(seconds, secondsMin), onStep };
  const comparison = await compare(options);
  return {
    method: [
      `Load: Poisson arrivals, so many a second; ${heavyShare * 100} % of them burn ${burnMs} ms of their thread’s processor time, the same loop on all sides, the`,
      'others send the record of `unary` back. Latencies are those of the others, from when a request was meant to begin; the',
      'client’s timers come up to a millisecond late, which counts, for all sides alike. CPU: by request of either kind.',
      'heddle: two services, the heavy one in a pool of one CPU thread, the other in pool io. fastify-piscina: heavy requests in a pool',
      `of one thread, the others on the event loop. Peers that speak HTTP have the client of the scenario http: ${connections} connections for each kind.`,
      ...comparisonMethod(comparison),
    ],
    columns: comparisonColumns,
    rows: comparisonRows(comparison),
    goals: [
      p99Goal(comparison, Math.max(...ratesPerSecond)),
      ...ratesPerSecond.map((rate) =>
        ratioGoal(comparison, { shape: shapeName(rate), against: rival, figure: 'p99Ms', goal: p99ShareMax }),
      ),
    ],
    comparison,
    data: { heavyShare, burnMs },
  };
}

function p99Goal(comparison: Comparison, rate: number): Goal {
  const { p99Ms } = figuresOf(comparison, shapeName(rate), own.name)!;
  return {
    sentence: `${shapeName(rate)}: p99 of the trivial requests is ${spreadText(p99Ms, 1)} ms; goal: at most ${p99MsMax} ms`,
    met: p99Ms.median <= p99MsMax,
  };
}

function openLoop(ratePerSecond: number): LoadShape {
  return { kind: 'open', ratePerSecond, maxInFlight: 10_000 };
}

function shapeName(ratePerSecond: number): string {
  return `${ratePerSecond}/s`;
}
