// The scenario `unary`: what one request costs its server: a record of 95 bytes in and out, over connections that stay open,
// handled on a CPU thread or on the IO thread. The load is that of `heddle bench`; server and load are processes of their own.

import { contractRequest, HeddleTarget } from '../../load/heddle-target.ts';
import { startLoad } from '../../load/load-run.ts';
import { standaloneHost } from '../../net/client/host.ts';
import { seededRandom, systemClock } from '../../runtime/clock.ts';
import { type Spread, spreadOf } from '../measure/pairs.ts';
import { ServerProcess } from '../measure/server-process.ts';
import type { Scenario, ScenarioOptions, ScenarioReport } from '../scenario.ts';
import { record, Unary } from './unary/contract.ts';

const pools = ['cpu', 'io'] as const;
type Pool = (typeof pools)[number];
const poolNames: Readonly<Record<Pool, string>> = { cpu: 'CPU pool', io: 'pool io' };

const shapes = [
  { inFlight: 32, connections: 8 },
  { inFlight: 256, connections: 8 },
] as const;
type Shape = (typeof shapes)[number];

/** So that a median means something. */
const pairs = 5;
/** Of one sample: less has too few requests in it. */
const sampleMsMin = 50;

export const unary: Scenario = {
  name: 'unary',
  what: 'a record of 95 bytes in and out, through a CPU pool and on the IO thread: server CPU per request',
  seconds: 30,
  run: measure,
};

interface Sample {
  /** Of the server, all its threads. */
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Row {
  readonly inFlight: number;
  readonly connections: number;
  readonly pool: Pool;
  /** Server CPU µs per request. */
  readonly cpuUs: Spread;
  readonly perSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
}

async function measure({ seconds, onStep }: ScenarioOptions): Promise<ScenarioReport> {
  await using cpuServer = await ServerProcess.start(import.meta.resolve('./unary/server.ts'), 'cpu');
  await using ioServer = await ServerProcess.start(import.meta.resolve('./unary/server.ts'), 'io');
  const servers = { cpu: cpuServer, io: ioServer };
  const sides = shapes.flatMap((shape) => pools.map((pool) => ({ shape, pool, samples: [] as Sample[] })));
  const sampleMs = Math.max(sampleMsMin, (seconds * 1000) / (sides.length * (pairs + 1)));
  for (let pair = 0; pair <= pairs; pair++) {
    onStep(pair === 0 ? 'warm-up' : `pair ${pair} of ${pairs}`);
    for (const { shape, pool, samples } of sides) {
      const sample = await sampleOf(servers[pool], shape, sampleMs);
      if (pair > 0) samples.push(sample);
    }
  }
  const rows = sides.map(({ shape, pool, samples }): Row => {
    const spread = (of: keyof Sample): Spread => spreadOf(samples.map((sample) => sample[of]));
    const figures = { cpuUs: spread('cpuUs'), perSecond: spread('perSecond') };
    return { ...shape, pool, ...figures, p50Ms: spread('p50Ms'), p99Ms: spread('p99Ms') };
  });
  return {
    method: [
      `Closed loop of so many requests in flight over so many connections; each answer is compared with what was sent. Medians of`,
      `${pairs} runs of ${Math.round(sampleMs)} ms (lowest to highest), both pools in turns. CPU: user and system time of the server’s process, all`,
      'threads, asked of itself, connecting included, by the requests that were answered. One IO thread, one CPU thread.',
    ],
    columns: ['in flight/connections', 'server CPU µs per request', '', 'requests/s', 'p50 ms', 'p99 ms'],
    rows: rows.map(cellsOf),
    goals: [],
    data: { pairs, sampleMs, rows },
  };
}

/** Throws when a request has failed: then it is no measurement. */
async function sampleOf(server: ServerProcess, { inFlight, connections }: Shape, sampleMs: number): Promise<Sample> {
  const request = contractRequest(Unary.echo, record);
  const expected = request.source;
  const checkBody = (source: Buffer, start: number, end: number): string | undefined =>
    expected.compare(source, start, end) === 0 ? undefined : 'the answer is not what was sent';
  const target = new HeddleTarget(
    {
      target: `heddle://127.0.0.1:${server.port}`,
      service: 'bench.Unary',
      method: 'echo',
      request,
      timeoutMs: 10_000,
      connections,
      maxInFlight: inFlight,
      checkBody,
    },
    standaloneHost(),
  );
  const beforeUs = await server.cpuUs();
  const run = startLoad({
    target,
    shape: { kind: 'closed', inFlight },
    durationMs: sampleMs,
    warmUpMs: 0,
    clock: systemClock,
    random: seededRandom(1),
  });
  const { answers, failed, failures, perSecond, latencies } = await run.ended;
  const cpuUs = (await server.cpuUs()) - beforeUs;
  if (failed > 0 || answers === 0) throw new Error(`${failed} requests have failed: ${JSON.stringify(failures)}`);
  const [p50Ms, p99Ms] = [latencies.quantileMs(0.5), latencies.quantileMs(0.99)];
  return { cpuUs: cpuUs / answers, perSecond, p50Ms, p99Ms };
}

function cellsOf({ inFlight, connections, pool, cpuUs, perSecond, p50Ms, p99Ms }: Row): string[] {
  return [
    `${inFlight}/${connections}, ${poolNames[pool]}`,
    cpuUs.median.toFixed(1),
    `(${cpuUs.min.toFixed(1)} to ${cpuUs.max.toFixed(1)})`,
    Math.round(perSecond.median).toLocaleString('en'),
    p50Ms.median.toFixed(2),
    p99Ms.median.toFixed(2),
  ];
}
