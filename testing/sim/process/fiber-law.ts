// FiberLaw: no fiber of the simulated process outlives its parent. It looks at the fibers themselves, through doors of each
// thread's own copy of Fiber: what handlers tell the ledger is told by bodies and finalizers, and some fibers have none.

import { sourceUrl } from '../modules.ts';
import type { Simulation } from '../simulation.ts';
import type { SimThread } from '../thread.ts';
import { ledgerLaws } from './ledger.ts';

/** As much of a Fiber as the law looks at. */
interface SeenFiber {
  readonly name: string;
  readonly parent: SeenFiber | undefined;
  readonly root: SeenFiber;
  readonly exit: unknown;
}

/** Doors of the class, one of them for its own hierarchy alone. */
interface FiberDoors {
  start(this: SeenFiber, run: unknown): void;
  rootEnded(this: SeenFiber): void;
}

export class FiberLaw {
  readonly #simulation: Simulation;
  /** Fibers that have started, and had not exited when they were looked at last. */
  readonly #living = new Map<SeenFiber, SimThread>();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** Before anything of the thread is loaded. */
  watch(thread: SimThread): void {
    const { Fiber } = thread.load<{ Fiber: { prototype: FiberDoors } }>(sourceUrl('runtime/fiber/fiber'));
    const { prototype } = Fiber;
    const { start, rootEnded } = prototype;
    const living = this.#living;
    const ended = (root: SeenFiber): void => this.#rootEnded(root);
    prototype.start = function (run) {
      living.set(this, thread);
      start.call(this, run);
    };
    prototype.rootEnded = function () {
      ended(this);
      rootEnded.call(this);
    };
  }

  /** Nothing can run just now. */
  checkIdle(): void {
    for (const [fiber, thread] of this.#living) {
      if (!thread.isAlive || fiber.exit !== undefined) this.#living.delete(fiber);
      else if (fiber.parent !== undefined && fiber.parent.exit !== undefined) this.#fail(fiber, fiber.parent);
    }
  }

  #rootEnded(root: SeenFiber): void {
    for (const fiber of this.#living.keys()) {
      if (fiber.root !== root) continue;
      if (fiber.exit === undefined) this.#fail(fiber, root);
      this.#living.delete(fiber);
    }
  }

  #fail(fiber: SeenFiber, above: SeenFiber): never {
    return this.#simulation.fail(
      ledgerLaws.outlives,
      `fiber ${pathOf(fiber)} on ${this.#living.get(fiber)!.name} goes on, and ${above.name} above it has exited`,
    );
  }
}

/** `sim.A/run > all[1]` */
function pathOf({ name, parent }: SeenFiber): string {
  return parent === undefined ? name : `${pathOf(parent)} > ${name}`;
}
