// HandlerWork: what the threads of `heddle, the queue` do with their turns: requests are taken one at a time, within the
// bounds of a service's turn, and an async handler is called with its own copy of the bytes; no fiber, codec or deadline.

import { type CallReply, emptyCallReply } from '../../../runtime/call.ts';
import { processorWait } from '../../../runtime/processor-wait.ts';
import type { ThreadEndpoint, ThreadWork } from '../../../runtime/thread-endpoint.ts';
import { QuickVisits } from '../../../scheduler/quick-visits.ts';
import { turnBounds } from '../../../scheduler/runner-bounds.ts';

export type Handler = (method: number, body: Buffer) => Promise<Buffer>;

export class HandlerWork implements ThreadWork {
  readonly takesRegular = true;
  readonly takesNested = false;
  endpoint: ThreadEndpoint | undefined;
  readonly #handler: Handler;
  readonly #onGo: () => void;
  readonly #reply: CallReply = emptyCallReply();
  #turnStartMs = 0;
  #turnRequests = 0;
  #turnBodyBytes = 0;
  #onStack = false;
  readonly #waitMs = processorWait();
  readonly #visits = new QuickVisits(() => this.#waitMs() + this.endpoint!.ringTime.ms);
  readonly #takeNext = (): void => {
    const nowMs = this.endpoint!.clock.nowMs();
    if (nowMs - this.#turnStartMs < turnBounds.ms) this.#takeOne(nowMs);
  };
  readonly #whenDrained = (): void => process.nextTick(this.#leaveStack);
  readonly #leaveStack = (): void => {
    this.#onStack = false;
    const nowMs = this.endpoint!.clock.nowMs();
    this.#visits.leave(nowMs);
    this.endpoint!.left(nowMs);
  };

  constructor(handler: Handler, onGo: () => void = () => {}) {
    this.#handler = handler;
    this.#onGo = onGo;
  }

  turn(): boolean {
    this.#turnStartMs = this.endpoint!.clock.nowMs();
    this.#turnRequests = 0;
    this.#turnBodyBytes = 0;
    return this.#takeOne(this.#turnStartMs);
  }

  onTable(): void {
    this.#onGo();
  }

  onStop(): void {
    this.endpoint!.close();
  }

  onCancels(): void {}
  onQuarantine(): void {}
  onLive(): void {}
  onAdmin(): void {}
  onStrategies(): void {}
  onRetire(): void {}
  onDrain(): void {}

  /** The next one in a microtask behind those in which this one's answer may come, as RequestRunner has it. */
  #takeOne(nowMs: number): boolean {
    const endpoint = this.endpoint!;
    const taken = endpoint.answerer.isFull ? undefined : endpoint.taker?.take(true, false);
    if (taken === undefined) return false;
    const { head, asker, request, generation, method } = taken;
    const { source, bodyStart, bodyEnd } = head;
    const body = source.subarray(bodyStart, bodyEnd);
    this.#turnRequests++;
    this.#turnBodyBytes += bodyEnd - bodyStart;
    if (!this.#onStack) {
      this.#onStack = true;
      queueMicrotask(this.#whenDrained);
    }
    const isTrusted = this.#visits.enter(body, method, nowMs);
    endpoint.entering(isTrusted ? nowMs : undefined);
    void this.#handler(method, body).then((answer) => {
      const reply = this.#reply;
      reply.source = answer;
      reply.bodyEnd = answer.length;
      endpoint.answerer.reply(asker, request, generation, reply);
    });
    if (this.#turnRequests < turnBounds.requests && this.#turnBodyBytes < turnBounds.bodyBytes) {
      queueMicrotask(this.#takeNext);
    }
    return true;
  }
}
