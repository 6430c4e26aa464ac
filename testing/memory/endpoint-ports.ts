// The ports of an EndpointWorld: a post is a step of its own, since a thread may die before it, and what is posted becomes
// a task of the thread at the other end, which comes to it when it likes.

import type { ToMain, ToThread } from '../../runtime/thread-control.ts';
import { $step, act, type StepGenerator, type Steps } from '../steps/step-runtime.ts';

/** Rings that a thread has not heard: more tell it nothing new. */
const unheardMax = 2;

/** A thread's end of its control port. */
export class ControlPort {
  readonly inbox: ToThread[] = [];
  handler: ((message: ToThread) => unknown) | undefined;
  readonly #toMain: (message: ToMain) => void;

  constructor(toMain: (message: ToMain) => void) {
    this.#toMain = toMain;
  }

  on(_event: 'message', handler: (message: ToThread) => unknown): void {
    this.handler = handler;
  }

  postMessage(message: ToMain): Steps {
    return posting(`tells main: ${message.type}`, () => this.#toMain(message));
  }

  receive(): { message: ToThread } | undefined {
    const message = this.inbox.shift();
    return message === undefined ? undefined : { message };
  }

  close(): void {}
}

/** A thread as its bells know it: rings come to it as tasks. */
export interface Rung {
  readonly name: string;
  readonly bells: (() => unknown)[];
}

/** One end of a bell. */
export class BellPort {
  readonly #owner: Rung;
  #onRing: (() => unknown) | undefined;
  #rungEarly = false;
  #other: BellPort | undefined;

  /** The ends that two threads hold. */
  static pair(left: Rung, right: Rung): [BellPort, BellPort] {
    const ends: [BellPort, BellPort] = [new BellPort(left), new BellPort(right)];
    ends[0].#other = ends[1];
    ends[1].#other = ends[0];
    return ends;
  }

  private constructor(owner: Rung) {
    this.#owner = owner;
  }

  /** A ring from before waits in the port. */
  on(_event: 'message', handler: () => unknown): void {
    this.#onRing = handler;
    if (this.#rungEarly) this.#owner.bells.push(handler);
  }

  postMessage(): Steps {
    const other = this.#other!;
    return posting(`rings ${other.#owner.name}`, () => other.#hear());
  }

  close(): void {}

  #hear(): void {
    const { bells } = this.#owner;
    if (this.#onRing === undefined) this.#rungEarly = true;
    else if (bells.length < unheardMax) bells.push(this.#onRing);
  }
}

/** One end of a side port. */
export class SidePort {
  readonly #messages: unknown[] = [];
  #other: SidePort | undefined;

  static pair(): [SidePort, SidePort] {
    const ends: [SidePort, SidePort] = [new SidePort(), new SidePort()];
    ends[0].#other = ends[1];
    ends[1].#other = ends[0];
    return ends;
  }

  postMessage(message: unknown): Steps {
    return posting('posts a large reply', () => this.#other!.#messages.push(message));
  }

  receive(): { message: unknown } | undefined {
    return this.#messages.length > 0 ? { message: this.#messages.shift() } : undefined;
  }

  close(): void {}
}

function posting(label: string, action: () => void): Steps {
  return $step(
    (function* (): StepGenerator<void> {
      yield act(label, action);
    })(),
  );
}
