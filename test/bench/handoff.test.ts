// The scenario `handoff` runs and comes to what it should; what it measures is nobody's business here.

import test from 'ava';
import { reportText } from '../../bench/report.ts';
import { ClosedLoop, type LoopPlan } from '../../bench/scenarios/handoff/closed-loop.ts';
import { handoff } from '../../bench/scenarios/handoff.ts';

test('each load goes through the queue, a service and a peer, and every goal has a line', async (t) => {
  const report = await handoff.run({ seconds: 0.5, peers: ['message-port-batched'], onStep: () => {} });
  const { cells } = report.data as { cells: { figures: { subject: string; cpuUs: { min: number } }[] }[] };
  t.is(cells.length, 12);
  for (const { figures } of cells) {
    t.deepEqual(
      figures.map(({ subject }) => subject),
      ['heddle, the queue', 'heddle, a service', 'message-port-batched'],
    );
    for (const { cpuUs } of figures) t.true(cpuUs.min > 0);
  }
  const text = reportText('handoff', report);
  t.is(text.match(/^(met|missed|open) /gm)?.length, 8);
  t.regex(text, /^open +64 B, 256 in flight: .* piscina, which was not measured/m);
});

const plan: LoopPlan = { bytes: 8, inFlight: 2, durationMs: 1, whole: true };

test('a loop ends when its time is over and every body has come back', async (t) => {
  const asked = new Map<number, Buffer>();
  const loop: ClosedLoop = new ClosedLoop({ ...plan, inFlight: 100 }, (slot, body) => {
    asked.set(slot, body);
    setImmediate(() => {
      asked.delete(slot);
      loop.answered(slot, body);
    });
  });
  const { pairs, p50Us } = await loop.run();
  t.is(asked.size, 0);
  t.true(pairs >= 100);
  t.is(p50Us, undefined);
});

test('an answer of another length, to an earlier body, or with a byte that differs fails the loop', async (t) => {
  const answers = [
    (body: Buffer) => body.subarray(1),
    (body: Buffer) => Buffer.from(body).fill(body[0]! - 1, 0, 1),
    (body: Buffer) => Buffer.from(body).fill(~body[4]!, 4, 5),
  ];
  for (const answerTo of answers) {
    const loop: ClosedLoop = new ClosedLoop(plan, (slot, body) =>
      setImmediate(() => loop.answered(slot, answerTo(body))),
    );
    await t.throwsAsync(loop.run(), { message: /the answer to slot \d/ });
  }
});
