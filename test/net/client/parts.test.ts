import test from 'ava';
import fc from 'fast-check';
import { addressText, parseTarget } from '../../../net/client/address.ts';
import { Backoff } from '../../../net/client/backoff.ts';
import { makeBalancer } from '../../../net/client/balancer.ts';
import { CallTable } from '../../../net/client/call-table.ts';
import { Keepalive } from '../../../net/client/keepalive.ts';
import { type ChannelOptionsInput, checkOptions } from '../../../net/client/options.ts';
import { seededRandom } from '../../../runtime/clock.ts';

const sink = { onReply(): void {} };

test('a target is read as addresses, IPv6 in brackets', (t) => {
  t.deepEqual(parseTarget('heddle://127.0.0.1:7000, backend.example:7001,[::1]:7002'), [
    { host: '127.0.0.1', port: 7000 },
    { host: 'backend.example', port: 7001 },
    { host: '::1', port: 7002 },
  ]);
  t.is(addressText({ host: '::1', port: 7002 }), '[::1]:7002');
});

const refusedTargets: [string, RegExp][] = [
  ['127.0.0.1:7000', /must begin with heddle:\/\//],
  ['http://127.0.0.1:7000', /must begin with heddle:\/\//],
  ['heddle://', /"" in the target .* is not host:port/],
  ['heddle://127.0.0.1', /"127\.0\.0\.1" in the target .* is not host:port/],
  ['heddle://::1:7000', /takes brackets/],
  ['heddle://127.0.0.1:0', /port of 127\.0\.0\.1:0 must be a whole number from 1 to 65535/],
  ['heddle://127.0.0.1:70000', /70000 must be a whole number/],
  ['heddle://127.0.0.1:1,', /"" in the target/],
];
for (const [target, message] of refusedTargets) {
  test(`refuses the target ${target}`, (t) => {
    t.like(
      t.throws(() => parseTarget(target), { message }),
      { code: 'INVALID_ARGUMENT' },
    );
  });
}

const target = 'heddle://127.0.0.1:1';
const refusedOptions: [ChannelOptionsInput, RegExp][] = [
  [{}, /needs a target, as in target: 'heddle:/],
  [{ target, addresses: [] }, /either target or addresses/],
  [{ addresses: [] }, /at least one address/],
  [{ target: 'heddle://a:1,b:1,c:1,d:1,e:1', connections: 64 }, /5 addresses with 64 connections each are over 256/],
  [{ target, timeoutMs: -1 }, /timeoutMs must be a whole number from 0 to 2147483647, not -1/],
  [{ target, timeoutMs: Number.NaN }, /timeoutMs must be/],
  [{ target, maxInFlight: 0 }, /maxInFlight must be a whole number from 1/],
  [{ target, backoffFirstMs: 100, backoffMaxMs: 50 }, /backoffMaxMs \(50\) must be at least backoffFirstMs \(100\)/],
  [{ target, maxAttempts: 0 }, /maxAttempts must be a whole number from 1 to 10/],
  [{ target, retryBackoffFirstMs: 300 }, /retryBackoffMaxMs \(250\) must be at least retryBackoffFirstMs \(300\)/],
  [{ target, ejectForMs: 60_000 }, /ejectMaxMs \(30000\) must be at least ejectForMs \(60000\)/],
  [{ target, balance: 'random' as 'round-robin' }, /balance must be round-robin or least-loaded, not "random"/],
];
for (const [input, message] of refusedOptions) {
  test(`refuses the options ${JSON.stringify(input)}`, (t) => {
    t.like(
      t.throws(() => checkOptions(input), { message }),
      { code: 'INVALID_ARGUMENT' },
    );
  });
}

test('every option but the target has a default', (t) => {
  t.like(checkOptions({ target }), { balance: 'round-robin', timeoutMs: 30_000, connections: 1, backoffFirstMs: 50 });
});

test('backoff draws from a range that doubles up to its maximum and begins again after a reset', (t) => {
  const backoff = new Backoff({ firstMs: 50, maxMs: 300, random: () => 1 });
  const draw = (): number => backoff.nextMs();
  t.deepEqual([draw(), draw(), draw(), draw(), draw()], [50, 100, 200, 300, 300]);
  backoff.reset();
  t.is(draw(), 50);
});

test('backoff spreads over the whole range', (t) => {
  const random = seededRandom(7);
  const delays = Array.from({ length: 200 }, () => new Backoff({ firstMs: 50, maxMs: 50, random }).nextMs());
  t.true(Math.min(...delays) < 5);
  t.true(Math.max(...delays) > 45 && Math.max(...delays) < 50);
});

class Load {
  readonly inFlight: number;
  hasRoom: boolean;
  doubt = 0;
  constructor(inFlight: number, hasRoom = true) {
    this.inFlight = inFlight;
    this.hasRoom = hasRoom;
  }
}

test('round robin takes each in turn and passes over those without room', (t) => {
  const balancer = makeBalancer('round-robin');
  const [a, b, c] = [new Load(0), new Load(0), new Load(9)];
  const pick = (): unknown => balancer.pick([a, b, c], 0);
  t.deepEqual([pick(), pick(), pick(), pick()], [a, b, c, a]);
  b.hasRoom = false;
  t.deepEqual([pick(), pick(), pick()], [c, a, c]);
  t.is(balancer.pick([b], 0), undefined);
  t.is(balancer.pick([], 0), undefined);
});

test('least loaded takes the one with the fewest in flight, ties in turn', (t) => {
  const balancer = makeBalancer('least-loaded');
  const [a, b, c] = [new Load(3), new Load(1), new Load(1)];
  const pick = (): unknown => balancer.pick([a, b, c], 0);
  t.deepEqual([pick(), pick(), pick()], [b, c, b]);
  t.is(balancer.pick([a, new Load(0, false)], 0), a);
});

for (const name of ['round-robin', 'least-loaded'] as const) {
  test(`${name} passes over those that are trusted less than it was told`, (t) => {
    const balancer = makeBalancer(name);
    const [a, b, c] = [new Load(0), new Load(1), new Load(2)];
    a.doubt = 2;
    b.doubt = 1;
    const pick = (doubtMax: number): unknown => balancer.pick([a, b, c], doubtMax);
    t.deepEqual([pick(0), pick(0)], [c, c]);
    t.not(pick(1), a);
    c.hasRoom = false;
    t.is(pick(0), undefined);
    t.is(pick(1), b);
  });
}

test('a full table says so', (t) => {
  const table = new CallTable(2);
  t.true(table.claim(sink, 1) > 0 && table.claim(sink, 2) > 0);
  t.is(table.claim(sink, 3), -1);
});

test('an id stands for one call only: freed slots are reused last, under another generation', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }),
      (capacity, steps) => {
        const table = new CallTable<object, object>(capacity);
        const live: { id: number; tag: number }[] = [];
        const used = new Set<number>();
        steps.forEach((step, tag) => {
          if (step % 2 === 0) {
            const id = table.claim(sink, tag);
            t.is(id === -1, live.length === capacity);
            if (id === -1) return;
            t.false(used.has(id));
            used.add(id);
            live.push({ id, tag });
          } else if (live.length > 0) {
            const [gone] = live.splice(step % live.length, 1);
            table.release(table.slotOf(gone!.id));
            t.is(table.slotOf(gone!.id), -1);
          }
          t.is(table.size, live.length);
          for (const call of live) t.is(table.tags[table.slotOf(call.id)], call.tag);
        });
      },
    ),
  );
});

test('a table grows with its calls up to its capacity', (t) => {
  const table = new CallTable(1_000);
  const ids = Array.from({ length: 1_000 }, (_, tag) => table.claim(sink, tag));
  t.is(table.claim(sink, 0), -1);
  t.is(new Set(ids).size, 1_000);
  for (const [tag, id] of ids.entries()) t.is(table.tags[table.slotOf(id)], tag);
});

test('ids stay within 1 .. 2^31 - 1 while generations wrap, and no two in a row are equal', (t) => {
  const table = new CallTable(2 ** 20);
  let before = 0;
  let wrong = 0;
  // 256 slots at first and 2,047 generations each: their ids begin again after 524,032 calls.
  for (let round = 0; round < 1_100_000; round++) {
    const id = table.claim(sink, 0);
    if (id < 1 || id >= 2 ** 31 || id === before || table.slotOf(id) < 0) wrong++;
    before = id;
    table.release(table.slotOf(id));
  }
  t.is(wrong, 0);
});

test('a probe follows silence, death follows an unanswered probe, any bytes reset both', (t) => {
  const keepalive = new Keepalive(1_000, 100);
  keepalive.heard(0);
  t.is(keepalive.look(999), 'alive');
  t.is(keepalive.dueMs, 1_000);
  t.is(keepalive.look(1_000), 'silent');
  keepalive.pinged(1_000);
  t.is(keepalive.look(1_099), 'alive');
  t.is(keepalive.dueMs, 1_100);
  t.is(keepalive.look(1_100), 'dead');
  keepalive.heard(1_050);
  t.is(keepalive.look(1_100), 'alive');
  t.is(keepalive.dueMs, 2_050);
});

test('an interval of 0 probes never', (t) => {
  const keepalive = new Keepalive(0, 100);
  keepalive.heard(0);
  t.is(keepalive.look(1e12), 'alive');
  t.is(keepalive.dueMs, Number.POSITIVE_INFINITY);
});
