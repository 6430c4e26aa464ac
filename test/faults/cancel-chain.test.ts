// Whoever no longer waits stops a chain of three services in two processes, down to the last one's work, and nothing is
// left in either: the client and services One and Two are here, Three is in a process of its own.

import { writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { type Client, connect } from '../../net/client/connect.ts';
import { rejection } from '../spine/rejection.ts';
import { type Answer, http, requestFrame, Wire } from '../spine/wire.ts';
import { type Child, startChild } from './child.ts';
import { LogLines } from './log-lines.ts';
import { comesToRest, eventually, type Rig, startRig } from './rig.ts';
import { One, Three, type Work } from './services/chain-contract.ts';
import { type ChainNote, type Level, readNotes, wallMs } from './services/chain-notes.ts';

/** From the client's disconnect to the cancel of the third service's fiber, ms. */
const cancelledWithinMs = 50;
/** Rounds of which the fastest quarter is held against that; and how often they are tried, since others use the machine. */
const rounds = 12;
const triesMax = 3;
/** What two processes' readings of one clock may differ by, ms. */
const skewMs = 2;

const levels: Level[] = ['one', 'two', 'three'];
const log = new LogLines();
const notesFile = `${log.file}.notes`;
const lastInChain = `
io: { threads: 1 }
pools: { three: { threads: 1 } }
admin: { address: "http://127.0.0.1:0" }
services:
  chain.Three: { module: ./chain-three.ts, pool: three, listen: ["heddle://127.0.0.1:0"] }
${log.yaml}
`;
const firstInChain = (port: number, via: string, pool: string) => `
io: { threads: 1 }
pools: { a: { threads: 1 }, b: { threads: 1 } }
stop: { timeout: 200ms }
services:
  chain.One: { module: ./chain-one.ts, pool: ${pool}, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
  chain.Two: { module: ./chain-two.ts, pool: b, listen: [] }
clients:
  chain.Three: { target: "heddle://127.0.0.1:${port}", via: ${via} }
`;

/** The last process: one for all tests, each of which leaves nothing in it. */
let lastProcess: Child | undefined;
let lastKey = 0;

test.before(async () => {
  writeFileSync(notesFile, '');
  lastProcess = await startChild(lastInChain);
});

test.after.always(() => lastProcess?.[Symbol.asyncDispose]());

/** A chain that runs, and what its levels have noted. */
class Chain implements AsyncDisposable {
  readonly rig: Rig;
  readonly one: Client<typeof One>;
  /** Straight to the last process. */
  readonly three: Client<typeof Three>;

  private constructor(rig: Rig, three: Client<typeof Three>) {
    this.rig = rig;
    this.one = rig.client(One, { maxAttempts: 1 });
    this.three = three;
  }

  static async start(via: string, pool = 'a'): Promise<Chain> {
    const port = lastProcess!.port('heddle');
    const rig = await startRig(firstInChain(port, via, pool));
    return new Chain(rig, connect(Three, { target: `heddle://127.0.0.1:${port}` }));
  }

  request(work: Work, ms = 60_000) {
    return { key: `run ${++lastKey}`, notes: notesFile, work, ms };
  }

  notes(key: string): ChainNote[] {
    return readNotes(notesFile, key);
  }

  /** What one level noted, once it has. */
  note(key: string, level: Level, what: ChainNote['what']): Promise<ChainNote> {
    const look = () => this.notes(key).find((one) => one.level === level && one.what === what);
    return eventually(`${key}: ${level} ${what}`, look) as Promise<ChainNote>;
  }

  /** The end of a chain that was cancelled: each level was told, One first, and Three's work stands still. */
  async ends(t: ExecutionContext, key: string, codes: Record<Level, RegExp>): Promise<Record<Level, ChainNote>> {
    const told = {} as Record<Level, ChainNote>;
    for (const level of levels) {
      told[level] = await this.note(key, level, 'cancelled');
      t.regex(told[level].code, codes[level], level);
      t.regex((await this.note(key, level, 'ended')).code, codes[level], level);
    }
    const { slices } = await this.note(key, 'three', 'ended');
    t.is((await this.three.slices({ key })).count, slices);
    return told;
  }

  /** Nothing is left in the first process, nor in the last. */
  async rests(t: ExecutionContext): Promise<void> {
    await comesToRest(t, this.rig.server);
    await this.lastRests(t);
  }

  async lastRests(t: ExecutionContext): Promise<void> {
    const admin = String(log.find(/the admin listens/)!.address).replace('http://', '');
    let left: unknown[] = ['not looked yet'];
    for (const endMs = performance.now() + 10_000; left.length > 0 && performance.now() < endMs; ) {
      const { threads } = (await http(admin, 'GET', '/threads')).json as {
        threads: { fibers: number; asked: number }[];
      };
      const { services } = (await http(admin, 'GET', '/services')).json as { services: { inFlight: number }[] };
      left = [
        ...threads.filter(({ fibers, asked }) => fibers + asked > 0),
        ...services.filter(({ inFlight }) => inFlight > 0),
      ];
    }
    t.deepEqual(left, [], 'nothing is left in the last process');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.three.close();
    await this.rig[Symbol.asyncDispose]();
  }
}

const all = (code: RegExp): Record<Level, RegExp> => ({ one: code, two: code, three: code });

function inOrder(t: ExecutionContext, told: Record<Level, ChainNote>): void {
  t.true(told.one.atMs <= told.two.atMs + skewMs, 'One is told before Two');
  t.true(told.two.atMs <= told.three.atMs + skewMs, 'Two is told before Three');
}

for (const via of ['io', 'caller']) {
  test.serial(`a disconnect stops the third service's work within ${cancelledWithinMs} ms: via ${via}`, async (t) => {
    t.timeout(120_000);
    await using chain = await Chain.start(via);
    for (const protocol of ['heddle', 'http'] as const) {
      let tookMs: number[] = [];
      const quarterMs = (): number => tookMs[rounds >> 2] ?? Number.POSITIVE_INFINITY;
      for (let tries = 0; tries < triesMax && quarterMs() >= cancelledWithinMs; tries++) {
        tookMs = await disconnects(t, chain, protocol);
      }
      const [least, median, most] = [tookMs[0]!, tookMs[rounds >> 1]!, tookMs.at(-1)!].map((ms) => ms.toFixed(1));
      t.log(
        `${protocol}, ${rounds} disconnects to the third service's cancel: ${least}, median ${median}, most ${most} ms`,
      );
      t.true(quarterMs() < cancelledWithinMs, `${protocol}: a quarter within ${quarterMs()} ms`);
    }
    await chain.rests(t);
  });

  test.serial(`a cancel, a deadline, a failed sibling each stop all three services: via ${via}`, async (t) => {
    t.timeout(120_000);
    await using chain = await Chain.start(via);
    for (const work of ['computes', 'sleeps'] as const) {
      await byCancel(t, chain, work);
      await byDeadline(t, chain, work);
      await byFailure(t, chain, work);
    }
    await chain.rests(t);
    await lateReply(t, chain);
    await lateWhenTaken(t, chain);
    await chain.rests(t);
  });
}

for (const [via, pool] of [
  ['io', 'a'],
  ['caller', 'a'],
  ['io', 'io'],
] as const) {
  test.serial(
    `a stop that cuts the first process off stops all three services: via ${via}, pool ${pool}`,
    async (t) => {
      t.timeout(120_000);
      await using chain = await Chain.start(via, pool);
      const request = chain.request('computes');
      const call = rejection(chain.one.go(request));
      await chain.note(request.key, 'three', 'began');
      t.false(await chain.rig.server.stop());
      t.is((await call).code, 'UNAVAILABLE');
      const cutOff = /^UNAVAILABLE$/;
      await chain.ends(t, request.key, { one: cutOff, two: /^(UNAVAILABLE|CANCELLED)$/, three: /^CANCELLED$/ });
      await chain.lastRests(t);
    },
  );
}

/** Of each, how long it took until the third service's fiber was cancelled, ms; the shortest first. */
async function disconnects(t: ExecutionContext, chain: Chain, protocol: 'heddle' | 'http'): Promise<number[]> {
  const tookMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const request = chain.request((['computes', 'yields', 'sleeps'] as const)[round % 3]!);
    const disconnect = await beginCall(chain, protocol, request);
    await chain.note(request.key, 'three', 'began');
    const goneMs = wallMs();
    disconnect();
    const told = await chain.ends(t, request.key, all(/^CANCELLED$/));
    inOrder(t, told);
    tookMs.push(told.three.atMs - goneMs);
  }
  return tookMs.sort((a, b) => a - b);
}

/** Sends it over a connection of its own; what is returned cuts that. */
async function beginCall(chain: Chain, protocol: 'heddle' | 'http', request: object): Promise<() => void> {
  const address = `127.0.0.1:${chain.rig.port(protocol)}`;
  if (protocol === 'heddle') {
    const wire = await Wire.to(address);
    wire.send(requestFrame(1, 'go', request, { service: 'chain.One' }));
    return () => wire.socket.destroy();
  }
  const stop = new AbortController();
  http(address, 'POST', '/chain.One/go', { body: request, signal: stop.signal }).catch(() => {});
  return () => stop.abort();
}

async function byCancel(t: ExecutionContext, chain: Chain, work: Work): Promise<void> {
  const stop = new AbortController();
  const request = chain.request(work);
  const call = rejection(chain.one.go(request, { signal: stop.signal }));
  await chain.note(request.key, 'three', 'began');
  stop.abort();
  t.is((await call).code, 'CANCELLED');
  inOrder(t, await chain.ends(t, request.key, all(/^CANCELLED$/)));
}

async function byDeadline(t: ExecutionContext, chain: Chain, work: Work): Promise<void> {
  const request = chain.request(work);
  t.is((await rejection(chain.one.go(request, { timeoutMs: 800 }))).code, 'DEADLINE_EXCEEDED');
  // The deadline goes along; the cancel of a caller that no longer waits may come just before it.
  const either = /^(DEADLINE_EXCEEDED|CANCELLED)$/;
  await chain.ends(t, request.key, { one: either, two: either, three: either });
}

async function byFailure(t: ExecutionContext, chain: Chain, work: Work): Promise<void> {
  const request = { ...chain.request(work), failing: true };
  const call = rejection(chain.one.go(request));
  await chain.note(request.key, 'three', 'began');
  await chain.one.fail({ key: request.key });
  t.is((await call).code, 'ABORTED');
  inOrder(t, await chain.ends(t, request.key, { one: /^ABORTED$/, two: /^CANCELLED$/, three: /^CANCELLED$/ }));
}

/** A reply that comes when nobody waits for it any more goes nowhere, on any of the three ways. */
async function lateReply(t: ExecutionContext, chain: Chain): Promise<void> {
  const wire = await Wire.to(`127.0.0.1:${chain.rig.port('heddle')}`);
  const request = chain.request('outstays', 1_000);
  wire.send(requestFrame(1, 'go', request, { service: 'chain.One', budgetUs: 700_000 }));
  const frames: Answer[] = [await wire.one()];
  t.is((await chain.note(request.key, 'three', 'ended')).code, '');
  // Asked after it has ended, so answered after whatever came of that.
  await chain.three.slices({ key: request.key });
  const next = chain.request('holds', 0);
  wire.send(requestFrame(2, 'go', next, { service: 'chain.One' }));
  frames.push(await wire.one());
  t.deepEqual(
    frames.map(({ id, code }) => ({ id, code })),
    [
      { id: 1, code: 'DEADLINE_EXCEEDED' },
      { id: 2, code: '' },
    ],
  );
  t.is(wire.answers.length, 0);
  wire.socket.destroy();
}

/** A request that waits for the last service's thread until it is late never runs there. */
async function lateWhenTaken(t: ExecutionContext, chain: Chain): Promise<void> {
  const holding = chain.request('holds', 1_200);
  const held = chain.one.go(holding);
  await chain.note(holding.key, 'three', 'began');
  const late = chain.request('sleeps', 0);
  t.is((await rejection(chain.one.go(late, { timeoutMs: 400 }))).code, 'DEADLINE_EXCEEDED');
  await held;
  // After whatever waited before it.
  await chain.three.slices({ key: late.key });
  t.deepEqual(
    chain.notes(late.key).filter(({ level }) => level === 'three'),
    [],
  );
}
