// FiberWatch: the laws that fibers of users' code keep: each ends, none outlives its parent, and who is asked to stop does so
// soon. It looks at the fibers of a simulated thread through doors of that thread's own copy of Fiber, so nothing of it is in
// the shipped code.

import type { HeddleError } from '../../runtime/errors.ts';
import type { FiberExit, FiberState } from '../../runtime/fiber/context.ts';
import { sourceUrl } from '../sim/modules.ts';
import type { Simulation } from '../sim/simulation.ts';
import type { SimThread } from '../sim/thread.ts';

export const fiberLaws = {
  ends: 'fibers end',
  outlives: 'no fiber outlives its parent',
  stops: 'cancellation reaches everyone',
} as const;

/** As much of a Fiber as the watch looks at. */
interface WatchedFiber {
  readonly id: number;
  readonly name: string;
  readonly parent: WatchedFiber | undefined;
  readonly root: WatchedFiber;
  readonly exit: FiberExit<unknown> | undefined;
  readonly state: FiberState;
}

/** Doors of the class, some of them for its own hierarchy alone. */
interface FiberDoors {
  start(this: WatchedFiber, run: unknown): void;
  stopping(this: WatchedFiber, reason: HeddleError): void;
  rootEnded(this: WatchedFiber): void;
}

interface Watched {
  readonly thread: SimThread;
  readonly fiber: WatchedFiber;
}

/** Fibers that have ended are forgotten when there are so many more. */
const forgetEvery = 256;

export class FiberWatch {
  readonly #simulation: Simulation;
  /** How long one may go on after it was asked to stop, ms. */
  readonly #stopWithinMs: number;
  #watched: Watched[] = [];
  #forgetAt = forgetEvery;

  constructor(simulation: Simulation, stopWithinMs: number) {
    this.#simulation = simulation;
    this.#stopWithinMs = stopWithinMs;
  }

  /** Before anything of the thread is loaded. */
  watch(thread: SimThread): void {
    const { Fiber } = thread.load<{ Fiber: { prototype: FiberDoors } }>(sourceUrl('runtime/fiber/fiber'));
    const { prototype } = Fiber;
    const { start, stopping, rootEnded } = prototype;
    const began = (fiber: WatchedFiber): void => this.#began(thread, fiber);
    const asked = (fiber: WatchedFiber, reason: HeddleError): void => this.#askedToStop(thread, fiber, reason);
    const ended = (fiber: WatchedFiber): void => this.#rootEnded(thread, fiber);
    prototype.start = function (run) {
      began(this);
      start.call(this, run);
    };
    prototype.stopping = function (reason) {
      asked(this, reason);
      stopping.call(this, reason);
    };
    prototype.rootEnded = function () {
      ended(this);
      rootEnded.call(this);
    };
  }

  /** Nobody waits for anything any more, and all were asked to stop in time. */
  checkEnd(): void {
    for (const { thread, fiber } of this.#watched) {
      if (!thread.isAlive || fiber.exit !== undefined) continue;
      const { path, state } = this.#cause(thread, fiber);
      this.#fail('ends', `fiber ${path} on ${thread.name} never ends: it is ${state}`);
    }
  }

  #began(thread: SimThread, fiber: WatchedFiber): void {
    if (fiber.parent === undefined) this.#note(thread, `runs ${fiber.name} as fiber ${fiber.id}`);
    this.#watched.push({ thread, fiber });
    if (this.#watched.length < this.#forgetAt) return;
    this.#watched = this.#watched.filter((one) => one.thread.isAlive && one.fiber.exit === undefined);
    this.#forgetAt = this.#watched.length + forgetEvery;
  }

  #askedToStop(thread: SimThread, fiber: WatchedFiber, reason: HeddleError): void {
    const withinMs = this.#stopWithinMs;
    this.#simulation.after(withinMs, () => {
      if (!thread.isAlive || fiber.exit !== undefined || this.#simulation.failure !== undefined) return;
      const why = `${reason.code}: ${reason.message}`;
      const { path, state } = this.#cause(thread, fiber);
      const advice = 'give what it awaits fiber.signal';
      this.#fail(
        'stops',
        `fiber ${path} on ${thread.name} was asked to stop (${why}) and is ${state} ${withinMs} ms after; ${advice}`,
      );
    });
  }

  /** Who keeps a fiber from ending: below it one that waits for no child, and first of all one that no wait of Heddle holds. */
  #cause(thread: SimThread, fiber: WatchedFiber): { path: string; state: string } {
    const living = this.#watched.filter((one) => one.thread === thread && isLive(one.fiber)).map((one) => one.fiber);
    const parents = new Set(living.map(({ parent }) => parent));
    const leaves = living.filter((one) => !parents.has(one) && isWithin(one, fiber));
    const cause = leaves.find(({ state }) => state.is === 'running') ?? leaves[0] ?? fiber;
    return { path: pathOf(cause), state: stateOf(cause) };
  }

  #rootEnded(thread: SimThread, root: WatchedFiber): void {
    this.#note(thread, `has ended fiber ${root.id}, ${root.name}: ${endOf(root.exit)}`);
    const left = this.#watched.find((one) => one.thread === thread && one.fiber.root === root && isLive(one.fiber));
    if (left === undefined) return;
    this.#fail(
      'outlives',
      `fiber ${pathOf(left.fiber)} on ${thread.name} is ${stateOf(left.fiber)}, and its root has ended`,
    );
  }

  #note(thread: SimThread, what: string): void {
    this.#simulation.trace(thread.name, `* ${what}`);
  }

  #fail(law: keyof typeof fiberLaws, sentence: string): void {
    try {
      this.#simulation.fail(fiberLaws[law], sentence);
    } catch {
      // It is said, and the run ends with it: whoever called goes on as if nothing were.
    }
  }
}

function isLive({ exit }: WatchedFiber): boolean {
  return exit === undefined;
}

function isWithin(fiber: WatchedFiber, above: WatchedFiber): boolean {
  for (let at: WatchedFiber | undefined = fiber; at !== undefined; at = at.parent) if (at === above) return true;
  return false;
}

function endOf(exit: FiberExit<unknown> | undefined): string {
  if (exit === undefined || exit.how === 'returned') return 'ok';
  return `${exit.error.code} (${exit.error.message})`;
}

/** `demo.Feed/get > all[1]`. */
function pathOf({ name, parent }: WatchedFiber): string {
  return parent === undefined ? name : `${pathOf(parent)} > ${name}`;
}

function stateOf({ state }: WatchedFiber): string {
  if (state.is === 'blocked') return `blocked on ${state.on}`;
  return state.is === 'running' ? 'waiting for what is not a fiber’s' : state.is;
}
