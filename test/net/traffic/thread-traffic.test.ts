// ThreadTraffic over real sockets, on a clock that stands still: how targets come and go, and how calls are drawn.

import test from 'ava';
import fc from 'fast-check';
import { makeHost } from '../../../net/client/host.ts';
import { hopMarks, hopsOf, isMirrored, MarkedCall, mirrorMark } from '../../../net/traffic/marks.ts';
import { retiredMax, retireMs, ThreadTraffic } from '../../../net/traffic/thread-traffic.ts';
import { type CallHead, type CallReply, emptyCallHead } from '../../../runtime/call.ts';
import { seededRandom } from '../../../runtime/clock.ts';
import { codeOfNumber, retryHints } from '../../../runtime/errors.ts';
import { decodeMetadata, encodeMetadata } from '../../../runtime/metadata.ts';
import type { TargetAddress } from '../../../runtime/traffic-settings.ts';
import { settle, VirtualClock } from '../../helpers/virtual-clock.ts';
import { until } from '../client/channel-helpers.ts';
import { ScriptedServer } from '../client/scripted-server.ts';

/** One listener's door. */
function openTraffic(seed = 1) {
  const clock = new VirtualClock(1_000);
  const events: string[] = [];
  const host = makeHost({ clock, random: seededRandom(seed), count: (event) => void events.push(event) });
  let permits = 0;
  const enter = (): undefined => void permits++;
  const traffic = new ThreadTraffic(host, { enter, leave: () => void permits-- }, 1);
  const answers: string[] = [];
  const sink = {
    onReply: (tag: number, reply: CallReply) => {
      const outcome = reply.code === 0 ? 'OK' : `${codeOfNumber(reply.code)} ${retryHints[reply.retry]}`;
      answers.push(`${tag} ${outcome}`);
    },
  };
  const [door] = traffic.doors;
  const call = (tag: number): number => door!.forward!.call('demo.Echo', 'echo', emptyCallHead(), sink, tag);
  return { clock, timers: host.timers, events, traffic, door: door!, call, answers, permits: () => permits };
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
  const marked = new MarkedCall();
  fc.assert(
    fc.property(pairs, fc.uint8Array({ maxLength: 70_000 }), fc.nat(8), (given, body, hops) => {
      const metadata = encodeMetadata(given);
      const head: CallHead = {
        ...emptyCallHead(),
        priority: 2,
        source: Buffer.concat([Buffer.from('??'), metadata, body]),
      };
      head.metadataStart = 2;
      head.bodyStart = head.metadataEnd = 2 + metadata.length;
      head.bodyEnd = head.source.length;
      const before = new Map(given);
      const seen = decodeMetadata(head.source, head.metadataStart, head.metadataEnd);
      if (seen.get('heddle-mirror') !== '') t.is(isMirrored(head), before.has('heddle-mirror'));
      for (const [mark, name, value] of [
        [hopMarks[hops]!, 'heddle-hops', String(hops)],
        [mirrorMark, 'heddle-mirror', '1'],
      ] as const) {
        const copy = marked.of(head, mark);
        t.deepEqual(
          decodeMetadata(copy.source, copy.metadataStart, copy.metadataEnd),
          new Map(before).set(name, value),
        );
        t.true(copy.source.subarray(copy.bodyStart, copy.bodyEnd).equals(body));
        t.is(copy.priority, 2);
        if (name === 'heddle-hops') t.is(hopsOf(copy), hops);
        else t.true(isMirrored(copy));
      }
    }),
    { numRuns: 100 },
  );
});

test('metadata that is cut short has no marks, and breaks nothing', (t) => {
  const whole = encodeMetadata([['heddle-hops', '3']]);
  for (let end = 0; end < whole.length; end++) {
    const head = { ...emptyCallHead(), source: whole.subarray(0, end), metadataEnd: end };
    t.is(hopsOf(head), 0);
    t.false(isMirrored(head));
  }
});
