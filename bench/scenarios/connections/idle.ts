// measureIdle: what connections cost a server that do nothing, and what it takes to accept them. A server for each round: one
// that has had ten thousand keeps some of their memory, and the next ten thousand would seem to cost nothing.

import { setTimeout as sleep } from 'node:timers/promises';
import { type Spread, spreadOf } from '../../measure/pairs.ts';
import { ServerProcess } from '../../measure/server-process.ts';
import { atOnce } from './client.ts';
import { Crowd } from './crowd.ts';
import type { Speech } from './message.ts';

export interface IdleSide {
  readonly name: string;
  /** A file: URL of a script that calls serveBench. */
  readonly server: string;
  readonly speech: Speech;
}

export interface IdleOptions {
  /** Connections. */
  readonly count: number;
  readonly rounds: number;
  /** Between the last answer and the reading of the memory, ms. */
  readonly settleMs: number;
  readonly onStep: (step: string) => void;
}

/** Over the rounds. */
export interface IdleFigures {
  readonly name: string;
  /** Of resident memory, above what the server had without them; bytes. */
  readonly bytesPerConnection: Spread;
  /** Made and answered once, a second. */
  readonly perSecond: Spread;
  /** Server CPU for that, µs for each. */
  readonly cpuUs: Spread;
}

/** Connections that come and go first, as many as this share of `count`: then the code is compiled and the heap has grown. */
const warmUpShare = 0.3;

/** In turns. */
export async function measureIdle(sides: readonly IdleSide[], options: IdleOptions): Promise<IdleFigures[]> {
  const samples = sides.map((): Sample[] => []);
  for (let round = 1; round <= options.rounds; round++) {
    for (const [at, side] of sides.entries()) {
      options.onStep(`${options.count} idle at ${side.name}, round ${round} of ${options.rounds}`);
      samples[at]!.push(await sampleOf(side, options));
    }
  }
  return sides.map(({ name }, at) => {
    const spread = (of: (sample: Sample) => number): Spread => spreadOf(samples[at]!.map(of));
    return {
      name,
      bytesPerConnection: spread(({ bytesPerConnection }) => bytesPerConnection),
      perSecond: spread(({ perSecond }) => perSecond),
      cpuUs: spread(({ cpuUs }) => cpuUs),
    };
  });
}

interface Sample {
  readonly bytesPerConnection: number;
  readonly perSecond: number;
  readonly cpuUs: number;
}

async function sampleOf({ name, server: script, speech }: IdleSide, { count, settleMs }: IdleOptions): Promise<Sample> {
  await using server = await ServerProcess.named(`server of ${name}`, script, 'connections', '{}');
  const { port } = server;
  const first = await Crowd.open({ port, speech, count: Math.ceil(warmUpShare * count), atOnce, stay: false });
  await first[Symbol.asyncDispose]();
  await sleep(settleMs);
  const empty = await server.usage();
  await using crowd = await Crowd.open({ port, speech, count, atOnce, stay: true });
  const { cpuUs } = await server.usage();
  await sleep(settleMs);
  const full = await server.usage();
  return {
    bytesPerConnection: (full.rssBytes - empty.rssBytes) / count,
    perSecond: (count * 1000) / crowd.tookMs,
    cpuUs: (cpuUs - empty.cpuUs) / count,
  };
}
