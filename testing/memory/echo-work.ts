// EchoWork: the work of a thread in the tests of the shared memory. It takes requests as RequestRunner does, one at a
// time and with its bounds on a turn, and leaves the handler to its host. Live tests run it on real threads, the
// explorer steps it.

import type { CallReply } from '../../runtime/call.ts';
import type { TakenRequest } from '../../runtime/shared/taker.ts';
import type { MethodRow } from '../../runtime/thread-control.ts';
import type { ThreadEndpoint, ThreadWork } from '../../runtime/thread-endpoint.ts';

export interface EchoHost {
  /** Runs a request that was taken: its reply, or undefined when `finish` brings that later. */
  runHandler(taken: TakenRequest): CallReply | undefined;
  /** It will not take long: answers may wait for it. Default: it may. */
  isQuick?(taken: TakenRequest): boolean;
  onCancels?(): void;
  onGo?(): void;
  onDrain?(): void;
  onStop?(): void;
}

export interface EchoBounds {
  maxFibers: number;
  /** Requests in one turn, and its time, ms. */
  turnRequests: number;
  turnMs: number;
}

/** Whose reply it is. */
export interface Ticket {
  asker: number;
  request: number;
  generation: number;
}

export class EchoWork implements ThreadWork {
  endpoint: ThreadEndpoint | undefined;
  draining = false;
  readonly #host: EchoHost;
  readonly #bounds: EchoBounds;
  #fibers = 0;

  constructor(host: EchoHost, bounds: EchoBounds) {
    this.#host = host;
    this.#bounds = bounds;
  }

  /** Nothing runs here. */
  get isIdle(): boolean {
    return this.#fibers === 0;
  }

  get takesRegular(): boolean {
    return !this.draining && this.#fibers < this.#bounds.maxFibers;
  }

  get takesNested(): boolean {
    return !this.draining;
  }

  onLive(): void {}

  turn(): boolean {
    const { taker, answerer, clock } = this.endpoint!;
    if (taker === undefined) return false;
    const startMs = clock.nowMs();
    let did = false;
    for (let count = 0; count < this.#bounds.turnRequests; count++) {
      const taken = taker.take(this.takesRegular, this.takesNested);
      if (taken === undefined) break;
      did = true;
      const { asker, request, generation } = taken;
      this.endpoint!.entering(this.#host.isQuick?.(taken) === true ? clock.nowMs() : undefined);
      this.#fibers++;
      const reply = this.#host.runHandler(taken);
      if (reply !== undefined) {
        this.#fibers--;
        answerer.reply(asker, request, generation, reply);
      }
      if (clock.nowMs() - startMs >= this.#bounds.turnMs) break;
    }
    if (did) this.endpoint!.left(clock.nowMs());
    return did;
  }

  /** The reply of a request for which the handler returned undefined. */
  finish(ticket: Ticket, reply: CallReply): void {
    const { answerer } = this.endpoint!;
    const wasFull = !this.takesRegular;
    this.#fibers--;
    if (wasFull) this.endpoint!.wake();
    answerer.reply(ticket.asker, ticket.request, ticket.generation, reply);
  }

  onCancels(): void {
    this.#host.onCancels?.();
  }

  onTable(_methods: MethodRow[]): void {
    this.#host.onGo?.();
  }

  onQuarantine(): void {}

  onAdmin(): void {}
  onStrategies(): void {}

  onRetire(): void {
    this.onDrain();
  }

  onDrain(): void {
    this.draining = true;
    this.#host.onDrain?.();
  }

  onStop(): void {
    this.#host.onStop?.();
  }
}
