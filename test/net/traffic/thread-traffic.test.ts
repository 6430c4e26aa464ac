// ThreadTraffic over real sockets, on a clock that stands still: how targets come and go, and how calls are drawn.

import test from 'ava';
import fc from 'fast-check';
import { makeHost } from '../../../net/client/host.ts';
import { encodeRequest, encodeRoute, requestFrameBytes } from '../../../net/protocol/heddle/encode.ts';
import { type FrameHandler, FrameParser } from '../../../net/protocol/heddle/frame-parser.ts';
import { hopMarks, hopsOf, isMarkedWith, mirrorMark } from '../../../net/traffic/marks.ts';
import { mirrorInFlightMax } from '../../../net/traffic/mirror.ts';
import { failureLogEveryMs } from '../../../net/traffic/target-failures.ts';
import { forwardHandles, retiredMax, retireMs, ThreadTraffic } from '../../../net/traffic/thread-traffic.ts';
import { type CallHead, type CallReply, emptyCallHead, noBytes } from '../../../runtime/call.ts';
import { seededRandom } from '../../../runtime/clock.ts';
import { codeOfNumber, retryHints } from '../../../runtime/errors.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { decodeMetadata, encodeMetadata } from '../../../runtime/metadata.ts';
import type { TargetAddress } from '../../../runtime/traffic-settings.ts';
import { settle, VirtualClock } from '../../helpers/virtual-clock.ts';
import { until } from '../client/channel-helpers.ts';
import { deadPort, ScriptedServer } from '../client/scripted-server.ts';

/** One listener's door. */
function openTraffic(seed = 1) {
  const clock = new VirtualClock(1_000);
  const events: string[] = [];
  const logged: object[] = [];
  const log = { ...silentLogger, warn: (fields: object) => void logged.push(fields) };
  const host = makeHost({ clock, random: seededRandom(seed), log, count: (event) => void events.push(event) });
  let permits = 0;
  const enter = (): undefined => void permits++;
  const traffic = new ThreadTraffic(host, { enter, leave: () => void permits-- }, 1);
  const answers: string[] = [];
  const sentences: string[] = [];
  const sink = {
    onReply: (tag: number, reply: CallReply) => {
      const outcome = reply.code === 0 ? 'OK' : `${codeOfNumber(reply.code)} ${retryHints[reply.retry]}`;
      answers.push(`${tag} ${outcome}`);
      if (reply.code !== 0) sentences.push(reply.source.toString('utf8', reply.bodyStart, reply.bodyEnd));
    },
  };
  const [door] = traffic.doors;
  const call = (tag: number): number => door!.forward!.call('demo.Echo', 'echo', emptyCallHead(), sink, tag);
  const ends = { answers, sentences, logged, events, permits: () => permits };
  return { clock, timers: host.timers, traffic, door: door!, call, ...ends };
}

function at(...servers: { port: number }[]): TargetAddress[] {
  return servers.map(({ port }) => ({ host: '127.0.0.1', port }));
}

test('targets that stay keep their connections; those that go close when their calls have ended', async (t) => {
  await using one = await ScriptedServer.open();
  await using two = await ScriptedServer.open();
  const { clock, timers, traffic, door, call, answers, permits } = openTraffic();
  const mirror = { addresses: at(two), percent: 50 };
  traffic.set([{ forward: at(one), mirror: [mirror] }]);
  const peer = await one.peer();
  const mirrored = await two.peer();
  call(7);
  const { id } = await peer.request();
  traffic.set([{ forward: at(one), mirror: [{ ...mirror, percent: 1 }] }]);
  t.is(door.mirrors[0]!.percent, 1);
  traffic.set([{ mirror: [] }]);
  t.false(door.isOpen);
  await clock.advance(1_000);
  await mirrored.closed();
  t.deepEqual([one.peers.length, two.peers.length, peer.count('closed')], [1, 1, 0]);
  t.is(traffic.inFlight, 1);
  peer.reply(id, 'late');
  await until(() => answers.length === 1);
  t.deepEqual(answers, ['7 OK']);
  await clock.advance(100);
  await peer.closed();
  t.is(permits(), 0);
  await traffic.close();
  t.is(timers.size, 0);
});

test('what an old target does not answer in time is UNAVAILABLE; so is what waits at the end', async (t) => {
  await using one = await ScriptedServer.open();
  const { clock, traffic, call, answers, permits } = openTraffic();
  traffic.set([{ forward: at(one), mirror: [] }]);
  const peer = await one.peer();
  const kept = call(1);
  call(2);
  await peer.request();
  await peer.request();
  traffic.set([{ forward: at(one, one), mirror: [] }]);
  call(3);
  const next = await one.peer();
  await next.request();
  traffic.cancel(kept);
  await peer.cancel();
  clock.skip(retireMs);
  await clock.advance(0);
  await until(() => answers.length === 1);
  t.deepEqual(answers, ['2 UNAVAILABLE if-idempotent']);
  await peer.closed();
  await traffic.close();
  t.deepEqual(answers, ['2 UNAVAILABLE if-idempotent', '3 UNAVAILABLE if-idempotent']);
  t.is(permits(), 0);
});

test('old targets are bounded: the oldest goes first', async (t) => {
  await using one = await ScriptedServer.open();
  const { traffic, call, answers } = openTraffic();
  for (let tag = 0; tag < retiredMax + 3; tag++) {
    traffic.set([{ forward: at(...Array.from({ length: (tag % 2) + 1 }, () => one)), mirror: [] }]);
    call(tag);
  }
  t.deepEqual(answers, ['0 UNAVAILABLE if-idempotent', '1 UNAVAILABLE if-idempotent']);
  await traffic.close();
});

test('a cancel that comes late meets no other call, nor one of another target', async (t) => {
  await using one = await ScriptedServer.open({ onRequest: ({ id }, peer) => peer.reply(id, '') });
  const { clock, traffic, call, answers, permits } = openTraffic();
  traffic.set([{ forward: at(one), mirror: [] }]);
  const first = call(1);
  await until(() => answers.length === 1);
  traffic.cancel(first);
  const second = call(2);
  traffic.cancel(first);
  for (const handle of [first + 77, second + 1, forwardHandles, 2 ** 53]) traffic.cancel(handle);
  call(3);
  await until(() => answers.length === 3);
  t.deepEqual([...answers].sort(), ['1 OK', '2 OK', '3 OK']);
  traffic.set([{ mirror: [] }]);
  await clock.advance(1_000);
  traffic.set([{ forward: at(one), mirror: [] }]);
  const again = call(4);
  t.false([first, second].includes(again));
  traffic.cancel(first);
  traffic.cancel(second);
  await until(() => answers.length === 4);
  t.is(permits(), 0);
  await traffic.close();
});

test('callers hear of a target that fails in fixed words; the log has the address and the reason', async (t) => {
  const port = await deadPort();
  const { clock, timers, traffic, call, answers, sentences, logged } = openTraffic();
  traffic.set([{ forward: [{ host: '127.0.0.1', port }], mirror: [] }]);
  call(1);
  await until(() => answers.length === 1);
  call(2);
  clock.skip(failureLogEveryMs);
  call(3);
  t.deepEqual(answers, ['1 UNAVAILABLE yes', '2 UNAVAILABLE yes', '3 UNAVAILABLE yes']);
  t.deepEqual([...new Set(sentences)], ["the forward target of this listener can't be reached; the call was not sent"]);
  const ofCalls = logged.filter((fields) => 'othersBefore' in fields);
  t.like(ofCalls, [{ othersBefore: 0 }, { othersBefore: 1 }]);
  t.regex(JSON.stringify(ofCalls[0]), new RegExp(`127\\.0\\.0\\.1:${port}.*ECONNREFUSED`));
  await traffic.close();
  t.is(timers.size, 0);
});

test('a copy that is dropped is not read, however long it is', async (t) => {
  await using server = await ScriptedServer.open({ onRequest: () => {} });
  const { traffic, door, events } = openTraffic();
  traffic.set([{ mirror: [{ addresses: at(server), percent: 100 }] }]);
  await server.peer();
  while (!door.mirrors[0]!.draws()) await settle();
  let reads = 0;
  const source = Object.assign(Buffer.alloc(1_000), { copy: () => void reads++ });
  const copy = (bodyEnd: number, more: Partial<CallHead> = {}): string | undefined => {
    door.copyCall('demo.Echo', 'echo', { ...emptyCallHead(), source, bodyEnd, ...more });
    return events.at(-1);
  };
  t.is(copy(60_000_000), 'mirror-dropped', 'too long');
  t.is(copy(1_000, { deadlineMs: 999 }), 'mirror-dropped', 'too late');
  const full = Buffer.alloc(16_384);
  const head = { ...emptyCallHead(), source: full, metadataEnd: full.length };
  door.copyCall('demo.Echo', 'echo', head);
  t.is(events.at(-1), 'mirror-dropped', 'no room for the mark');
  for (let sent = 0; sent < mirrorInFlightMax; sent++) t.is(copy(0, { source: noBytes }), 'mirrored');
  t.is(copy(1_000), 'mirror-dropped', 'too many unanswered');
  t.is(reads, 0);
  await traffic.close();
});

test('a stop does not wait for a mirror that reads nothing', async (t) => {
  await using server = await ScriptedServer.open();
  const { clock, timers, traffic, door, events } = openTraffic();
  traffic.set([{ mirror: [{ addresses: at(server), percent: 100 }] }]);
  const peer = await server.peer();
  peer.socket.pause();
  while (!door.mirrors[0]!.draws()) await settle();
  const source = Buffer.alloc(1_000_000);
  events.length = 0;
  while (!events.includes('mirror-dropped')) {
    door.copyCall('demo.Echo', 'echo', { ...emptyCallHead(), source, bodyEnd: source.length });
    await new Promise((resolve) => setImmediate(resolve));
  }
  let isClosed = false;
  const closing = traffic.close().then(() => (isClosed = true));
  await clock.advance(1);
  await settle();
  t.true(isClosed);
  await closing;
  t.is(timers.size, 0);
});

test('a share of the calls is drawn, fractions too; while nobody is there to take them they are dropped', async (t) => {
  const seed = Number(process.env.HEDDLE_SEED ?? Date.now() % 1_000_000);
  t.log(`HEDDLE_SEED=${seed}`);
  await using server = await ScriptedServer.open({ onRequest: () => {} });
  const { traffic, door, events } = openTraffic(seed);
  traffic.set([{ mirror: [{ addresses: at(server), percent: 100 }] }]);
  const [mirror] = door.mirrors;
  t.false(mirror!.draws());
  t.deepEqual(events, ['mirror-dropped']);
  await server.peer();
  while (!mirror!.draws()) await settle();
  for (const percent of [0, 0.5, 12.5, 100]) {
    mirror!.percent = percent;
    let drawn = 0;
    for (let draw = 0; draw < 40_000; draw++) if (mirror!.draws()) drawn++;
    const share = (drawn / 40_000) * 100;
    // Five standard deviations.
    const allowed = 5 * Math.sqrt((percent * (100 - percent)) / 40_000);
    t.true(Math.abs(share - percent) <= allowed, `${share} of ${percent} percent`);
  }
  await traffic.close();
});

const key = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/);
const pairs = fc.array(fc.tuple(fc.oneof(key, fc.constantFrom('heddle-mirror', 'heddle-hops')), fc.string()));

test('a mark is added behind what came, and found whatever came', (t) => {
  const route = encodeRoute('demo.Echo', 'echo');
  const own = mirrorMark('one');
  fc.assert(
    fc.property(pairs, fc.uint8Array({ maxLength: 70_000 }), fc.nat(8), (given, body, hops) => {
      const metadata = encodeMetadata(given);
      const head: CallHead = { ...emptyCallHead(), source: Buffer.concat([Buffer.from('??'), metadata, body]) };
      head.metadataStart = 2;
      head.bodyStart = head.metadataEnd = 2 + metadata.length;
      head.bodyEnd = head.source.length;
      t.is(
        isMarkedWith(head, own),
        given.some(([name, value]) => name === 'heddle-mirror' && value === 'one'),
      );
      for (const [mark, name, value] of [
        [hopMarks[hops]!, 'heddle-hops', String(hops)],
        [own, 'heddle-mirror', 'one'],
      ] as const) {
        const frame = Buffer.alloc(requestFrameBytes(route, head, mark));
        t.is(encodeRequest(frame, 0, 1, route, head, 0, mark), frame.length);
        const seen = passedOn(frame);
        t.deepEqual(seen.metadata, new Map(given).set(name, value));
        t.true(seen.body.equals(body));
        if (name === 'heddle-hops') t.is(seen.hops, hops);
        else t.true(seen.isOwn);
      }
    }),
    { numRuns: 100 },
  );

  function passedOn(frame: Buffer) {
    let seen: { metadata: ReadonlyMap<string, string>; body: Buffer; hops: number; isOwn: boolean } | undefined;
    const handler = refusing((head) => {
      const { source, metadataStart, metadataEnd, bodyStart, bodyEnd } = head;
      const metadata = decodeMetadata(source, metadataStart, metadataEnd);
      const body = Buffer.from(source.subarray(bodyStart, bodyEnd));
      seen = { metadata, body, hops: hopsOf(head), isOwn: isMarkedWith(head, own) };
    });
    new FrameParser(handler, 1_000_000).push(frame, frame.length);
    return seen!;
  }
});

/** A handler that takes requests, and nothing else. */
function refusing(onRequest: (head: CallHead) => void): FrameHandler {
  const wrong = (): never => {
    throw new Error('this is no request');
  };
  return {
    onRequest,
    onReply: wrong,
    onCancel: wrong,
    onPing: wrong,
    onPong: wrong,
    onGoaway: wrong,
    onBadFrame: wrong,
    onBroken: wrong,
  };
}

test('metadata that is cut short has no marks, and breaks nothing', (t) => {
  const whole = encodeMetadata([['heddle-hops', '3']]);
  for (let end = 0; end < whole.length; end++) {
    const head = { ...emptyCallHead(), source: whole.subarray(0, end), metadataEnd: end };
    t.is(hopsOf(head), 0);
    t.false(isMarkedWith(head, whole));
  }
});
