// A busy loop in one pool moves neither another pool's calls nor /healthz: the numbers are recorded, only what would mean
// that they waited for the loop is asserted.

import test from 'ava';
import { event, newKey } from './events.ts';
import { Probe, Work } from './services/contracts.ts';
import { type Spine, startSpine } from './spine.ts';
import { http } from './wire.ts';

test.serial('a 300 ms busy loop in one pool leaves another pool’s calls and /healthz alone', async (t) => {
  await using spine = await startSpine(`
io: { threads: 1 }
services:
  test.Probe: { module: ./probe.ts, pool: { threads: 1 }, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
  test.Work: { module: ./work.ts, pool: { threads: 1 }, listen: ["heddle://127.0.0.1:0"] }
`);
  const work = spine.client(Work);
  await measure(spine, 300);
  const alone = await measure(spine, 900);
  let beside = alone;
  for (const factor of [1, 3, 9]) {
    const key = newKey();
    // One loop after the other: what comes in between is the queue.
    const loops = [1, 2, 3].map(() => work.busy({ ms: 300 * factor, key }));
    await event(key, 'busy');
    beside = await measure(spine, 700 * factor);
    await Promise.all(loops);
    // A slow machine has not answered many in so short a time: the next loops are longer.
    if (beside.calls.length > 5) break;
  }
  for (const what of ['calls', 'healthz'] as const) {
    const [before, during] = [p99(alone[what]), p99(beside[what])];
    t.log(
      `${what}: p99 ${before.toFixed(2)} ms alone, ${during.toFixed(2)} ms beside a busy loop (${beside[what].length})`,
    );
    t.true(beside[what].length > 5);
    const middle = beside[what][Math.floor(beside[what].length / 2)]!;
    t.true(middle < 150, `${what} waited for the loop: half of them over ${middle} ms`);
  }
});

async function measure(spine: Spine, ms: number): Promise<{ calls: number[]; healthz: number[] }> {
  const probe = spine.client(Probe);
  const calls: number[] = [];
  const healthz: number[] = [];
  const endMs = performance.now() + ms;
  while (performance.now() < endMs) {
    let startMs = performance.now();
    await probe.greet({ name: 'x' });
    calls.push(performance.now() - startMs);
    startMs = performance.now();
    await http(spine.address('http'), 'GET', '/healthz');
    healthz.push(performance.now() - startMs);
  }
  return { calls, healthz };
}

function p99(times: number[]): number {
  return times.sort((one, other) => one - other)[Math.floor(times.length * 0.99)]!;
}
