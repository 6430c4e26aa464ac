// The laws of structured concurrency over random trees of fibers that sleep, fail, join, combine, are cancelled and
// time out, on a virtual clock. fast-check prints the seed of a tree that breaks one.

import test from 'ava';
import fc from 'fast-check';
import type { ChildFiber, FiberContext } from '../../../runtime/fiber/context.ts';
import { FiberRig } from '../../helpers/fiber-rig.ts';
import { settle } from '../../helpers/virtual-clock.ts';

type Step =
  | { does: 'sleep'; ms: number }
  | { does: 'yield' }
  | { does: 'fail' }
  | { does: 'defer'; ms: number; throws: boolean }
  | { does: 'spawn'; tree: Tree; timeoutMs: number | undefined; join: boolean; cancelled: boolean }
  | { does: 'combine'; how: 'all' | 'any' | 'race' | 'group'; trees: Tree[] };

interface Tree {
  steps: Step[];
  /** Goes on after a step that threw. */
  catches: boolean;
}

const { tree } = fc.letrec<{ tree: Tree; step: Step }>((tie) => ({
  tree: fc.record({ steps: fc.array(tie('step'), { minLength: 1, maxLength: 6 }), catches: fc.boolean() }),
  step: fc.oneof(
    { maxDepth: 4, depthSize: 'max' },
    { weight: 4, arbitrary: fc.record({ does: fc.constant('sleep' as const), ms: fc.integer({ min: 0, max: 40 }) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('yield' as const) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('fail' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        does: fc.constant('defer' as const),
        ms: fc.integer({ min: -1, max: 9 }),
        throws: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        does: fc.constant('spawn' as const),
        tree: tie('tree'),
        timeoutMs: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
        join: fc.boolean(),
        cancelled: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        does: fc.constant('combine' as const),
        how: fc.constantFrom('all' as const, 'any' as const, 'race' as const, 'group' as const),
        trees: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
      }),
    },
  ),
}));

/** Notes a broken law; thrown only at the end, since fibers catch what is thrown in them. */
class Laws {
  readonly broken: string[] = [];
  /** Joins that have not settled. */
  open = 0;
  /** When the root was asked to stop, and all with it. */
  stoppedAtMs = Number.POSITIVE_INFINITY;

  readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  hold(holds: boolean, law: string): void {
    if (!holds) this.broken.push(law);
  }
}

/** What the laws need to know of one fiber of the tree. */
class Witness {
  readonly parent: Witness | undefined;
  readonly children: Witness[] = [];
  readonly fiber: FiberContext;
  ended = false;
  deferred = 0;
  finalized = 0;

  constructor(fiber: FiberContext, parent: Witness | undefined) {
    this.fiber = fiber;
    this.parent = parent;
    parent?.children.push(this);
  }
}

/** Runs one tree as a fiber's body, checking the laws on the way. */
async function perform(laws: Laws, tree: Tree, fiber: FiberContext, above?: Witness): Promise<number> {
  const witness = new Witness(fiber, above);
  laws.hold(above === undefined || fiber.deadlineMs <= above.fiber.deadlineMs, 'deadlines only shrink');
  // Registered first, so it runs last: the end of the fiber, as far as its code can see.
  fiber.defer(() => {
    laws.hold(witness.finalized === witness.deferred, 'each finalizer runs once');
    laws.hold(!witness.ended, 'a fiber ends once');
    witness.ended = true;
  });
  for (const step of tree.steps) {
    try {
      await take(laws, step, witness);
    } catch (error) {
      if (!tree.catches) throw error;
    }
  }
  laws.hold(above?.ended !== true, 'no fiber outlives its parent');
  return tree.steps.length;
}

async function take(laws: Laws, step: Step, witness: Witness): Promise<void> {
  const { fiber } = witness;
  const child = (tree: Tree) => (inner: FiberContext) => perform(laws, tree, inner, witness);
  if (step.does === 'sleep') {
    await fiber.sleep(step.ms);
    laws.hold(laws.nowMs() <= laws.stoppedAtMs, 'nothing sleeps through a cancel');
  } else if (step.does === 'yield') await fiber.yield();
  else if (step.does === 'fail') throw new Error('as the tree says');
  else if (step.does === 'defer') defer(laws, step, witness);
  else if (step.does === 'combine') {
    const runs = step.trees.map(child);
    const known = witness.children.length;
    try {
      if (step.how === 'group') await fiber.group(Math.ceil(runs.length / 2), runs);
      else if (step.how === 'all') await fiber.all(runs);
      else await fiber[step.how](runs);
    } finally {
      laws.hold(
        witness.children.slice(known).every((member) => member.ended),
        'a combinator leaves nothing running',
      );
    }
  } else {
    const spawned: ChildFiber<number> = fiber.spawn(
      child(step.tree),
      step.timeoutMs === undefined ? {} : { timeoutMs: step.timeoutMs },
    );
    if (step.cancelled) spawned.cancel('as the tree says');
    // Joined here, or at some time; it has to settle either way.
    const joined = settled(laws, spawned.join());
    if (step.join) await joined;
  }
}

function defer(laws: Laws, step: Step & { does: 'defer' }, witness: Witness): void {
  const order = witness.deferred++;
  witness.fiber.defer(async () => {
    laws.hold(witness.finalized === witness.deferred - 1 - order, 'finalizers run in reverse order, each once');
    laws.hold(
      witness.children.every((child) => child.ended),
      'finalizers run after the children',
    );
    witness.finalized++;
    if (step.ms >= 0) {
      await witness.fiber.sleep(step.ms).catch(() => laws.hold(false, 'nothing interrupts a finalizer'));
    }
    if (step.throws) throw new Error('a finalizer, as the tree says');
  });
}

/** A join that has to settle, if not before then at the end of the test. */
function settled(laws: Laws, join: Promise<number>): Promise<number> {
  laws.open++;
  const close = (): void => void laws.open--;
  join.then(close, close);
  return join;
}

test('no tree of fibers breaks the laws', async (t) => {
  const property = fc.asyncProperty(
    tree,
    fc.option(fc.integer({ min: 1, max: 100 }), { nil: Number.POSITIVE_INFINITY }),
    fc.option(fc.integer({ min: 0, max: 80 }), { nil: undefined }),
    async (root, deadlineMs, cancelAtMs) => {
      const rig = new FiberRig();
      const laws = new Laws(() => rig.clock.nowMs());
      laws.stoppedAtMs = Math.min(deadlineMs, cancelAtMs ?? Number.POSITIVE_INFINITY);
      const run = rig.start((fiber) => perform(laws, root, fiber), { deadlineMs });
      if (cancelAtMs !== undefined) {
        await rig.clock.advance(cancelAtMs);
        run.fiber.cancel('as the test says');
      }
      await settle();
      while (run.exit === undefined && rig.clock.pending > 0) {
        await rig.clock.advance(Math.max(0, rig.clock.nextDueMs - rig.clock.nowMs()));
      }
      laws.hold(run.exit !== undefined, 'every fiber ends');
      laws.hold(rig.timers.size === 0, 'no timer is left');
      await settle();
      laws.hold(laws.open === 0, 'every join settles');
      t.deepEqual(laws.broken, []);
    },
  );
  await fc.assert(property, { numRuns: 2000 });
});
