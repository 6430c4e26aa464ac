// The scenario `connections`: ten thousand of them. What an idle one costs in memory, how fast they are accepted, and whether a
// thousand busy ones pay for nine thousand that are not.

import { openFilesMax } from '../../net/accept/open-files.ts';
import { compare } from '../measure/compare.ts';
import type { Comparison, OwnSide, Shape } from '../measure/comparison.ts';
import { comparisonMethod, figuresOf, spreadText } from '../measure/comparison-report.ts';
import { type Spread, spreadOf } from '../measure/pairs.ts';
import { readyPeer } from '../measure/peers.ts';
import type { Goal, Scenario, ScenarioOptions, ScenarioReport } from '../scenario.ts';
import { otherFiles } from './connections/crowd.ts';
import { type IdleFigures, type IdleSide, measureIdle } from './connections/idle.ts';
import type { Speech } from './connections/message.ts';

/** The goals. */
const bytesMax = 4_000;
const busyTimesMax = 1.2;

const countMax = 10_000;
/** Fewer say nothing: the memory of a server goes up and down by more. */
const countMin = 1_000;
/** Of all connections. */
const busyShare = 0.1;
/** A run that is shorter, s, only shows that all works: with so many connections, and one round. */
const secondsMin = 30;
const countOfShort = 100;
/** Of the time for all of it, what the busy ones have; the others take as long as they take. */
const busyTime = 0.4;
const rounds = 5;
const settleMs = 500;

const server = import.meta.resolve('./connections/server.ts');
const client = import.meta.resolve('./connections/client.ts');
const among = 'heddle';
const alone = 'heddle, without the idle';

/** How peers are spoken to; see their clients. */
const peerSpeech: Readonly<Record<string, Speech>> = { 'net-echo': 'echo', 'node-http': 'http' };

export const connections: Scenario = {
  name: 'connections',
  what: '10,000 connections: memory of an idle one, accept rate, and what 1,000 busy ones among them cost',
  seconds: 90,
  peers: Object.keys(peerSpeech),
  run: measure,
};

async function measure({ seconds, peers = [], onStep }: ScenarioOptions): Promise<ScenarioReport> {
  const isShort = seconds < secondsMin;
  const count = isShort ? countOfShort : countAllowed();
  const busy = Math.round(busyShare * count);
  const sides: IdleSide[] = [{ name: among, server, speech: 'heddle' }];
  for (const name of peers) sides.push({ ...(await readyPeer(name, onStep)), speech: peerSpeech[name]! });
  const idle = await measureIdle(
    sides,
    isShort ? { count, rounds: 1, settleMs: 0, onStep } : { count, rounds, settleMs, onStep },
  );
  const shape: Shape = {
    name: `${busy.toLocaleString('en')} busy of ${count.toLocaleString('en')}`,
    connections: busy,
    loads: [{ kind: 'call', shape: { kind: 'closed', inFlight: busy } }],
  };
  const own: OwnSide[] = [
    { name: among, server, client, params: { speech: 'heddle' } },
    { name: alone, server, client, params: { speech: 'heddle', idle: 0 } },
  ];
  const params = { idle: count - busy };
  const comparison = await compare({
    ...{ scenario: 'connections', own, peers, shapes: [shape], params, onStep },
    seconds: busyTime * seconds,
  });
  const times = timesOf(comparison, shape.name);
  return {
    method: [
      `Idle: ${count.toLocaleString('en')} connections, made 128 at once by other processes; each has one answer and then does nothing. Memory: RSS of the`,
      `server ${settleMs} ms after the last answer, above that before the first, when a third as many had come and gone; a new server for each of ${isShort ? 1 : rounds}`,
      'rounds, sides in turns. What the kernel holds for a socket is not in RSS. Accepts: made and answered once, which also waits for their clients.',
      ...(count === countMax || isShort ? [] : [fewerLine(count)]),
      `Busy: ${busy.toLocaleString('en')} connections, each with one call in flight, beside ${(count - busy).toLocaleString('en')} idle ones; “without the idle”: a server that has only those.`,
      'All sides have the same client, bare TCP. Heddle runs the handler on its IO thread.',
      ...comparisonMethod(comparison),
    ],
    columns: [
      ...['server', 'bytes per idle connection', '', 'accepts/s', 'CPU µs per accept', ''],
      ...[`CPU µs per request, ${shape.name}`, '', 'heddle takes', 'p99 ms'],
    ],
    rows: rowsOf(idle, comparison, shape.name),
    goals: [bytesGoal(idle[0]!), busyGoal(times)],
    comparison,
    data: { count, busy, idle, busyTimes: times },
  };
}

/** As many as the limit of open files allows. Throws when those are too few. */
function countAllowed(): number {
  const files = openFilesMax();
  const count = Math.min(countMax, files - otherFiles);
  if (count >= countMin) return count;
  throw new Error(
    `the system allows this process ${files} open files; the scenario needs ${countMin + otherFiles}, better ${countMax + otherFiles}: raise the hard limit (ulimit -Hn, or prlimit --nofile), then run it again`,
  );
}

function fewerLine(count: number): string {
  return `FEWER THAN MEANT: ${count} connections instead of ${countMax}, since the system allows a process no more open files (ulimit -Hn).`;
}

/** CPU of the busy ones among the idle, by that of the same ones alone, round by round. */
function timesOf(comparison: Comparison, shape: string): Spread {
  const [withIdle, without] = [among, alone].map((side) => figuresOf(comparison, shape, side)!.samples);
  return spreadOf(withIdle!.map(({ cpuUs }, round) => cpuUs / without![round]!.cpuUs));
}

function bytesGoal({ bytesPerConnection }: IdleFigures): Goal {
  return {
    sentence: `an idle connection takes ${spreadText(bytesPerConnection, 0)} bytes of RSS above the kernel's; goal: at most ${bytesMax}`,
    met: bytesPerConnection.median <= bytesMax,
  };
}

function busyGoal(times: Spread): Goal {
  return {
    sentence: `a request of a busy connection takes ${spreadText(times, 2)} times the CPU that it takes without the idle ones; goal: at most ${busyTimesMax}`,
    met: times.median <= busyTimesMax,
    ratio: times.median,
  };
}

function rowsOf(idle: readonly IdleFigures[], comparison: Comparison, shape: string): string[][] {
  const names = [...idle.map(({ name }) => name), alone];
  return names.map((name) => {
    const still = idle.find((figures) => figures.name === name);
    const busy = figuresOf(comparison, shape, name);
    return [
      name,
      ...cells(still?.bytesPerConnection, 0),
      still === undefined ? '–' : Math.round(still.perSecond.median).toLocaleString('en'),
      ...cells(still?.cpuUs, 0),
      ...cells(busy?.cpuUs, 1),
      busy?.ratios[among]?.cpuUs.median.toFixed(2) ?? '–',
      busy?.p99Ms.median.toFixed(1) ?? '–',
    ];
  });
}

function cells(spread: Spread | undefined, digits: number): [string, string] {
  if (spread === undefined) return ['–', ''];
  return [spread.median.toFixed(digits), `(${spread.min.toFixed(digits)} to ${spread.max.toFixed(digits)})`];
}
