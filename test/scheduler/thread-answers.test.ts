// What a thread tells the admin of its fibers: the first of them, row by row, and how many more there are.

import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import test from 'ava';
import type { Fiber } from '../../runtime/fiber/fiber.ts';
import { type FiberRow, reportRowsMax, type ThreadAnswer } from '../../runtime/thread-report.ts';
import type { RunningRequest } from '../../scheduler/running-request.ts';
import { answerAdmin } from '../../scheduler/thread-answers.ts';
import { FiberRig } from '../helpers/fiber-rig.ts';

/** What a thread that runs these roots answers. */
async function ask(rig: FiberRig, roots: readonly Fiber[]): Promise<ThreadAnswer> {
  const { port1, port2 } = new MessageChannel();
  const running = roots.map((fiber) => ({ fiber, startedMs: 0 }) as RunningRequest);
  answerAdmin(port2, running, rig.clock, undefined);
  port1.postMessage({ id: 1, ask: 'fibers' });
  const [answer] = (await once(port1, 'message')) as [ThreadAnswer];
  port1.close();
  return answer;
}

const countOf = (rows: readonly FiberRow[]): number => rows.reduce((sum, row) => sum + 1 + countOf(row.children), 0);

/** A root with `children`, each of which has one of its own. */
function tree(rig: FiberRig, children: number): Fiber {
  return rig.start(async (root) => {
    for (let at = 0; at < children; at++) {
      root.spawn(async (child) => {
        child.spawn((grandchild) => grandchild.sleep(1_000));
        await child.sleep(1_000);
      });
    }
    await root.sleep(1_000);
  }).fiber;
}

test('all fibers of a thread are told, in their tree', async (t) => {
  const rig = new FiberRig();
  const { fibers, more } = await ask(rig, [tree(rig, 3), tree(rig, 0)]);
  t.deepEqual(
    fibers!.map((row) => [row.name, row.children.length, countOf([row])]),
    [
      ['root', 3, 7],
      ['root', 0, 1],
    ],
  );
  t.is(more, 0);
  await rig.clock.runAll();
});

test('of more than reportRowsMax the rest is counted, the children of those left out too', async (t) => {
  const rig = new FiberRig();
  const roots = [tree(rig, 300), tree(rig, 300), tree(rig, 10), tree(rig, 0)];
  const { fibers, more } = await ask(rig, roots);
  t.is(countOf(fibers!), reportRowsMax);
  t.is(countOf(fibers!) + more, 601 + 601 + 21 + 1);
  await rig.clock.runAll();
});
