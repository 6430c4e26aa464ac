// Stage 9: a full completion ring makes replies wait, not the thread that gives them; none is lost, none comes twice and
// none overtakes another.

import test from 'ava';
import { type CallReply, emptyCallHead, emptyCallReply } from '../../runtime/call.ts';
import { nothingHeld, settled } from './held.ts';
import { Probe } from './services/contracts.ts';
import { startSpine } from './spine.ts';
import { twoThreads } from './two-threads.ts';
import { requestFrame, Wire } from './wire.ts';

test('a reply that finds no room is held, and goes out in its turn once the asker has read', (t) => {
  const { asker, taker, answerer, pool } = twoThreads(256);
  const received: string[] = [];
  const sink = {
    onReply: (tag: number, reply: CallReply): void => {
      received.push(`${tag} ${reply.source.toString('latin1', reply.bodyStart, reply.bodyEnd)}`);
    },
  };
  const route = { pool, method: 1, column: 0, maxConcurrency: 0, service: 'test' };
  const expected: string[] = [];
  for (let tag = 0; tag < 16; tag++) {
    t.true(asker.put(route, emptyCallHead(), undefined, sink, tag) >= 0);
    const { asker: to, request, generation } = taker.take(true, true)!;
    const reply = emptyCallReply();
    // Some fit into the ring twice, some alone, some not at all (half of the ring is the most).
    reply.source = Buffer.alloc([20, 60, 100, 0][tag % 4]!, 97 + tag);
    reply.bodyEnd = reply.source.length;
    answerer.reply(to, request, generation, reply);
    reply.source.fill(0);
    expected.push(`${tag} ${String.fromCharCode(97 + tag).repeat(reply.bodyEnd)}`);
  }
  t.true(answerer.held > 8, `${answerer.held} are held`);
  t.false(answerer.heldHasRoom);
  for (let turn = 0; received.length < 16 && turn < 100; turn++) {
    answerer.publish();
    t.true(asker.drain(1) <= 1);
    answerer.retryHeld();
  }
  t.deepEqual(received, expected);
  t.is(answerer.held, 0);
  t.is(asker.drain(16), 0);
  t.is(asker.inFlight, 0);
});

test('far more replies than the ring holds come whole over a socket, while the thread goes on', async (t) => {
  await using spine = await startSpine(`
io: { threads: 1 }
services:
  test.Probe: { module: ./probe.ts, pool: { threads: 1 }, listen: ["heddle://127.0.0.1:0"] }
`);
  using wire = await Wire.to(spine.address('heddle'));
  // 30,000 bytes lie in the ring, eight at a time; 100,000 take the side port; 100 slip in between.
  const sizes = Array.from({ length: 400 }, (_, index) => [30_000, 100_000, 100, 32_720, 32_721][index % 5]!);
  wire.send(...sizes.map((size, id) => requestFrame(id, 'fill', Buffer.from(`${size}`), { service: 'test.Probe' })));
  const answers = await wire.take(sizes.length);
  const wrong = answers.filter(
    ({ is, id, body }) => is !== 'reply' || body.length !== sizes[id] || body.some((byte) => byte !== 0x5a),
  );
  t.deepEqual(
    wrong.map(({ id, code, body }) => [id, code, body.length]),
    [],
  );
  t.is(new Set(answers.map(({ id }) => id)).size, sizes.length);
  t.deepEqual(await spine.client(Probe).sum({ values: [1] }), { total: 1, unit: 'none' });
  t.deepEqual(await settled(spine.server), nothingHeld);
});
