// compare: Heddle and its peers under the same load, in turns: A B C A B C … Each side has a server and a client process,
// which live as long as nothing fails. A round is one run of each side; the sides' figures of one round are a pair each with
// Heddle's, so what else the machine does in that minute hits both alike. A peer that does not start or fails is left out,
// and why is said; Heddle's own failure ends the measurement.

import type { LoadFigures } from './client-process.ts';
import type { CompareOptions, Comparison, NotRun, Ratios, Sample, Shape, ShapeFigures } from './comparison.ts';
import { type Spread, spreadOf } from './pairs.ts';
import { readyPeer } from './peers.ts';
import { SideProcesses } from './side-processes.ts';

/** So that a median means something. */
const roundsDefault = 5;
/** Of one run, ms: less has too few requests in it. */
const sampleMsMin = 50;
/** Each side is warmed up for the time of so many samples in each shape, before the first round. */
const warmUpSamples = 2;

/** Rejects when Heddle's own side fails. */
export async function compare(options: CompareOptions): Promise<Comparison> {
  const { shapes, rounds = roundsDefault, seconds } = options;
  const notRun: NotRun[] = [];
  const sides = await sidesOf(options, notRun);
  try {
    const sampleMs = Math.max(
      sampleMsMin,
      (seconds * 1000) / (sides.length * shapes.length * (rounds + warmUpSamples)),
    );
    const living = new Set(sides);
    const found: ShapeFigures[] = [];
    for (const shape of shapes) {
      const samples = await measureShape(shape, living, sampleMs, notRun, options);
      found.push(figuresOf(shape, samples));
    }
    const versions = Object.fromEntries(sides.map(({ name, versions }) => [name, versions]));
    return { rounds, sampleMs, warmUpMs: warmUpSamples * sampleMs, versions, shapes: found, notRun };
  } finally {
    await Promise.all(sides.map((side) => side[Symbol.asyncDispose]()));
  }
}

/** Nothing is started yet, but what is missing is installed. */
async function sidesOf({ scenario, own, peers, onStep }: CompareOptions, notRun: NotRun[]): Promise<SideProcesses[]> {
  const sides = own.map((side) => new SideProcesses(side, scenario, true));
  for (const name of peers) {
    try {
      sides.push(new SideProcesses(await readyPeer(name, onStep), scenario, false));
    } catch (reason) {
      notRun.push({ side: name, shape: undefined, reason: sentenceOf(reason) });
    }
  }
  return sides;
}

/** Of those that come through it. Who has never come through a run is taken out of `living`. */
async function measureShape(
  shape: Shape,
  living: Set<SideProcesses>,
  sampleMs: number,
  notRun: NotRun[],
  { rounds = roundsDefault, params = {}, mayFail = false, onStep }: CompareOptions,
): Promise<Map<SideProcesses, Sample[]>> {
  const samples = new Map<SideProcesses, Sample[]>([...living].map((side) => [side, []]));
  /** What the step comes to; undefined: this side is out. */
  const tried = async <Value>(side: SideProcesses, step: () => Promise<Value>): Promise<Value | undefined> => {
    try {
      return await step();
    } catch (reason) {
      await side.kill();
      samples.delete(side);
      if (side.isOwn) throw reason;
      if (!side.hasRun) living.delete(side);
      notRun.push({ side: side.name, shape: side.hasRun ? shape.name : undefined, reason: sentenceOf(reason) });
      return undefined;
    }
  };
  onStep(`${shape.name}: connecting`);
  // One after another: a server with many threads must not wait for the processor behind all others that start.
  for (const side of [...living]) await tried(side, () => side.open(shape, params));
  for (const side of [...samples.keys()]) {
    onStep(`${shape.name}: warming up ${side.name}`);
    await tried(side, () => side.run(shape, warmUpSamples * sampleMs, 0, mayFail));
  }
  for (let round = 1; round <= rounds; round++) {
    onStep(`${shape.name}: round ${round} of ${rounds}`);
    const order = [...samples.keys()];
    // Not the same one first each time: what comes after whom is part of the noise.
    const from = round % order.length;
    for (const side of [...order.slice(from), ...order.slice(0, from)]) {
      const sample = await tried(side, () => side.run(shape, sampleMs, round, mayFail));
      if (sample !== undefined) samples.get(side)!.push(sample);
    }
  }
  // What was measured stays so; who can't close begins anew.
  await Promise.all([...samples.keys()].map((side) => side.close().catch(() => side.kill())));
  return samples;
}

function figuresOf(shape: Shape, samples: ReadonlyMap<SideProcesses, Sample[]>): ShapeFigures {
  const own = [...samples].filter(([side]) => side.isOwn);
  return {
    name: shape.name,
    sides: [...samples].map(([side, list]) => {
      const spread = (of: (sample: Sample) => number): Spread => spreadOf(list.map(of));
      const first = (of: keyof LoadFigures) => spread((sample) => sample.loads[0]![of] as number);
      return {
        side: side.name,
        isOwn: side.isOwn,
        cpuUs: spread(({ cpuUs }) => cpuUs),
        perSecond: spread(({ loads }) => loads.reduce((sum, { perSecond }) => sum + perSecond, 0)),
        p50Ms: first('p50Ms'),
        p99Ms: first('p99Ms'),
        p999Ms: first('p999Ms'),
        rssMb: spread(({ rssMb }) => rssMb),
        clientShare: spread(({ loads }) => Math.max(...loads.map(({ clientShare }) => clientShare))),
        ratios: side.isOwn ? {} : Object.fromEntries(own.map(([{ name }, ownList]) => [name, ratiosOf(ownList, list)])),
        samples: list,
      };
    }),
  };
}

/** Round by round. */
function ratiosOf(own: readonly Sample[], peer: readonly Sample[]): Ratios {
  const ratio = (of: (sample: Sample) => number): Spread =>
    spreadOf(own.map((sample, at) => of(sample) / of(peer[at]!)));
  return {
    cpuUs: ratio(({ cpuUs }) => cpuUs),
    perSecond: ratio(({ loads }) => loads[0]!.perSecond),
    p50Ms: ratio(({ loads }) => loads[0]!.p50Ms),
    p99Ms: ratio(({ loads }) => loads[0]!.p99Ms),
  };
}

function sentenceOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : `${reason}`;
}
