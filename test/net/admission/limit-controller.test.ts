// The controller over shared memory: what it reads of threads, what it writes for askers, and that deaths and reloads
// leave nothing behind.

import test from 'ava';
import { LimitController } from '../../../net/admission/limit-controller.ts';
import { Inflight } from '../../../runtime/shared/inflight.ts';
import { ServiceLoads } from '../../../runtime/shared/service-loads.ts';

const adaptive = { delayMs: 20, tolerance: 2, min: 2, max: 1000, start: 16 };
const common = { pool: 'p', weight: 1, adaptive };

function rig() {
  const loads = new ServiceLoads(ServiceLoads.allocate(3));
  const inflight = new Inflight(Inflight.allocate(3));
  const controller = new LimitController(loads, inflight);
  // The thread that asks, which counts what it refuses there.
  loads.of(3, 1);
  /** 20 requests of a service that waited and ran so long, on a thread; so many are under way. */
  const run = (column: number, waitMs: number, runMs: number, under: number, thread = 7): void => {
    const own = loads.of(thread, column);
    for (let count = 0; count < 20; count++) {
      own.take(waitMs);
      own.end(runMs);
    }
    inflight.change(3, column, under - inflight.get(3, column));
  };
  return { loads, inflight, controller, run };
}

test('a limit is in force from the start, and moves with what threads have counted since the last look', (t) => {
  const { loads, controller, run } = rig();
  run(1, 1000, 5, 16);
  controller.use([{ ...common, column: 1 }]);
  t.is(loads.limit(1), 16);
  // What was counted before says nothing.
  run(1, 0, 5, 1);
  controller.look(100);
  t.is(loads.limit(1), 16);
  for (let looks = 0; looks < 10; looks++) {
    run(1, 200, 5, loads.limit(1));
    controller.look(100);
  }
  t.is(loads.limit(1), 6);
});

test('a thread that dies takes nothing along: what it had taken is forgotten, and its successor counts on', (t) => {
  const { loads, inflight, controller, run } = rig();
  controller.use([{ ...common, column: 1 }]);
  for (let lives = 0; lives < 50; lives++) {
    for (let count = 0; count < 10; count++) loads.of(7, 1).take(0);
    inflight.change(7, 1, 100);
    inflight.clear(7);
    run(1, 0, 5, 2);
    controller.look(100);
  }
  t.true(loads.limit(1) >= 15, `${loads.limit(1)}`);
});

test('a service without a limit has none, and its use of the pool counts all the same', (t) => {
  const { loads, controller, run } = rig();
  controller.use([
    { ...common, column: 1 },
    { ...common, column: 2, adaptive: undefined },
    { ...common, column: 3, pool: 'other' },
  ]);
  // The flood is the other's, so the wait is not this one's doing.
  for (let looks = 0; looks < 20; looks++) {
    for (let count = 0; count < 10; count++) run(2, 400, 5, 400);
    run(1, 400, 5, 4);
    controller.look(100);
  }
  t.true(loads.limit(1) >= 14, `${loads.limit(1)}`);
  t.is(loads.limit(2), 0);
  for (let looks = 0; looks < 20; looks++) {
    run(2, 400, 5, 4);
    run(1, 400, 5, loads.limit(1));
    controller.look(100);
  }
  t.true(loads.limit(1) <= 8, `${loads.limit(1)}`);
});

test('a reload keeps what a limit has learnt within the new bounds, begins one that is new, and ends one that is gone', (t) => {
  const { loads, controller, run } = rig();
  controller.use([{ ...common, column: 1 }]);
  for (let looks = 0; looks < 10; looks++) {
    run(1, 200, 5, loads.limit(1));
    controller.look(100);
  }
  const learnt = loads.limit(1);
  t.true(learnt <= 6, `${learnt}`);
  controller.use([
    { ...common, column: 1 },
    { ...common, column: 2 },
  ]);
  t.deepEqual([loads.limit(1), loads.limit(2)], [learnt, 16]);
  controller.use([{ ...common, column: 1, adaptive: { ...adaptive, min: 9 } }]);
  t.deepEqual([loads.limit(1), loads.limit(2)], [9, 16]);
  t.true(controller.isNeeded);
  controller.use([{ ...common, column: 1, adaptive: undefined }]);
  t.is(loads.limit(1), 0);
  t.false(controller.isNeeded);
});

test('a neighbour whose requests come and go between two looks has its part of the wait', (t) => {
  const { loads, controller, run } = rig();
  controller.use([
    { ...common, column: 1 },
    { ...common, column: 2, adaptive: undefined },
  ]);
  for (let looks = 0; looks < 20; looks++) {
    for (let count = 0; count < 10; count++) run(2, 400, 5, 0);
    run(1, 400, 5, 4);
    controller.look(100);
  }
  t.true(loads.limit(1) >= 14, `${loads.limit(1)}`);
});

test('ten thousand services cost main a part of the time between two looks', (t) => {
  const services = 10_000;
  const loads = new ServiceLoads(ServiceLoads.allocate(services));
  const controller = new LimitController(loads, new Inflight(Inflight.allocate(services)));
  for (const thread of [3, 4, 5, 6]) loads.of(thread, 1);
  const all = Array.from({ length: services }, (_, at) => ({ ...common, column: at + 1 }));
  controller.use(all);
  const fastest = (): number => {
    let leastMs = Number.POSITIVE_INFINITY;
    for (let looks = 0; looks < 5; looks++) {
      const fromMs = performance.now();
      controller.look(100);
      leastMs = Math.min(leastMs, performance.now() - fromMs);
    }
    return leastMs;
  };
  t.true(fastest() < 60);
  // Nobody looks at a pool without a limit.
  controller.use(
    all.map((one, at) => ({ ...one, pool: at === 0 ? 'q' : 'p', adaptive: at === 0 ? adaptive : undefined })),
  );
  t.true(fastest() < 1);
});
