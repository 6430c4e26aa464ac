// LimitedCalls: the requests of services with limiters, behind one listener on one IO thread. Each is shown to its service's
// limiters, in their order, before it goes on to the dispatcher; if one of them wants to hear how it ends, this stands
// between dispatcher and connection until it has. Services without limiters never come here.
//
// A call that was let in ends once, by the first of: its reply (also a refusal by the dispatcher, its deadline, its
// thread's death, the process's stop), the connection's cancel, a refusal by a later limiter.

import type { CallHead, CallReply, ReplySink } from '../../runtime/call.ts';
import type { Clock } from '../../runtime/clock.ts';
import { codeOfNumber, type ErrorCode } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { EndedCall, LimiterDefinition } from '../../runtime/plugins/limiter.ts';
import type { Registry } from '../../runtime/plugins/registry.ts';
import type { ServiceSettings } from '../../runtime/settings.ts';
import type { IoDispatcher } from '../thread/dispatcher.ts';
import { Admission } from './admission.ts';
import { BoundLimiter } from './bound-limiter.ts';

/** Handles of limited calls are these; the dispatcher's own lie below, those of forwarded calls above. */
export const limitedHandles = 2 ** 46;
/** A handle is a slot and the turn of its user, so that a cancel that comes late meets nobody. */
const slotSpace = 2 ** 24;
const turnSpace = 2 ** 20;

/** What limiters need of their IO thread. */
export interface LimitedThread {
  readonly clock: Clock;
  readonly log: Logger;
  /** Counts `limited`. */
  count(event: string): void;
}

/** Stages 4 to 6 behind limiters: the thread's dispatcher. */
export type LimitedDispatcher = Pick<IoDispatcher, 'method' | 'call' | 'cancel' | 'countLimited'>;

/** A service's limiters, in order. */
interface ServiceLimits {
  limiters: readonly BoundLimiter[];
  /** Whether one of them hears how calls end. */
  hears: boolean;
}

/** By service. */
type Limits = ReadonlyMap<string, ServiceLimits>;

/**
 * The limiters that the config names, for one IO thread; the function returned makes what the calls of one listener go
 * through, by its services and its address: undefined when none of these has limiters. Throws FAILED_PRECONDITION for a
 * name that no plugin adds, with the nearest one.
 */
export function listenerLimits(
  services: readonly Pick<ServiceSettings, 'name' | 'limiters'>[],
  definitions: Registry<LimiterDefinition>,
  thread: LimitedThread,
  dispatcher: LimitedDispatcher,
): (services: readonly string[], address: string) => LimitedCalls | undefined {
  const limits = limitsOf(services, definitions, thread);
  return (behind, address) =>
    behind.some((service) => limits.has(service)) ? new LimitedCalls(limits, thread, dispatcher, address) : undefined;
}

function limitsOf(
  services: readonly Pick<ServiceSettings, 'name' | 'limiters'>[],
  definitions: Registry<LimiterDefinition>,
  { clock, log }: LimitedThread,
): Limits {
  const bound = new Map<string, BoundLimiter>();
  const limits = new Map<string, ServiceLimits>();
  for (const { name, limiters: names = [] } of services) {
    if (names.length === 0) continue;
    const limiters = names.map((limiter) => {
      const known = bound.get(limiter);
      if (known !== undefined) return known;
      const made = new BoundLimiter(definitions.need(limiter, `services.${name}.limiters`), clock, log);
      bound.set(limiter, made);
      return made;
    });
    limits.set(name, { limiters, hears: limiters.some(({ hears }) => hears) });
  }
  return limits;
}

/** A call that was let in, and who hears how it ends. Used again. */
class Slot {
  readonly index: number;
  /** Undefined: the slot is free. */
  sink: ReplySink | undefined = undefined;
  tag = 0;
  /** What the connection cancels it by. */
  handle = -1;
  /** What the dispatcher knows it by; -1 while it is being given the call. */
  inner = -1;
  service = '';
  method = '';
  sinceMs = 0;
  limiters: readonly BoundLimiter[] = [];
  /** By limiter. */
  tickets: unknown[] = [];

  constructor(index: number) {
    this.index = index;
  }
}

export class LimitedCalls implements ReplySink {
  readonly #limits: Limits;
  readonly #thread: LimitedThread;
  readonly #dispatcher: LimitedDispatcher;
  readonly #admission: Admission;
  readonly #ended = {
    service: '',
    method: '',
    code: 'OK' as EndedCall['code'],
    durationMs: 0,
    ticket: undefined as unknown,
  };
  /** By index, which is also the tag of a call at the dispatcher. As many as were ever under way at once. */
  readonly #slots: Slot[] = [];
  readonly #free: Slot[] = [];
  #turn = 0;
  /** Of the call that is being shown; a slot takes them over, and gives its old ones. */
  #tickets: unknown[] = [];

  /** `listener`: `http://127.0.0.1:7080`. */
  constructor(limits: Limits, thread: LimitedThread, dispatcher: LimitedDispatcher, listener: string) {
    this.#limits = limits;
    this.#thread = thread;
    this.#dispatcher = dispatcher;
    this.#admission = new Admission(listener, thread.clock);
  }

  /** Calls under way whose end some limiter waits for. */
  get inFlight(): number {
    return this.#slots.length - this.#free.length;
  }

  /** As CallCarrier.call; any service of the listener. */
  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    const dispatcher = this.#dispatcher;
    const limits = this.#limits.get(service);
    const row = limits === undefined ? undefined : dispatcher.method(service, method);
    // What is not there is answered NOT_FOUND: names that strangers make up are nothing for a limiter to remember.
    if (limits === undefined || row === undefined) return dispatcher.call(service, method, head, sink, tag);
    this.#admission.begin(service, method, head, row.timeoutMs, row.oneWay);
    const answer = this.#admit(limits.limiters);
    this.#admission.end();
    if (answer !== undefined) {
      this.#thread.count('limited');
      dispatcher.countLimited(service, method, answer.code);
      sink.onReply(tag, answer);
      return -1;
    }
    if (!limits.hears) return dispatcher.call(service, method, head, sink, tag);
    const slot = this.#claim(sink, tag);
    slot.service = service;
    slot.method = method;
    slot.sinceMs = this.#thread.clock.nowMs();
    slot.limiters = limits.limiters;
    const { tickets } = slot;
    slot.tickets = this.#tickets;
    this.#tickets = tickets;
    const { handle } = slot;
    const inner = dispatcher.call(service, method, head, this, slot.index);
    // An answer that came before this returned has freed the slot.
    if (inner < 0) return -1;
    slot.inner = inner;
    return handle;
  }

  /** The connection takes a call back, or has gone. */
  cancel(handle: number): void {
    const slot = this.#slots[(handle - limitedHandles) % slotSpace];
    if (slot === undefined || slot.handle !== handle) return;
    this.#dispatcher.cancel(slot.inner);
    this.#end(slot, 'CANCELLED');
  }

  /** The limiters first: a call that follows from the answer finds the room that this one had. */
  onReply(index: number, reply: CallReply): void {
    const slot = this.#slots[index]!;
    const { sink, tag } = slot;
    if (sink === undefined) return;
    this.#end(slot, reply.code === 0 ? 'OK' : codeOfNumber(reply.code));
    sink.onReply(tag, reply);
  }

  /** Undefined: all let it in. Those that did hear at once that a later one did not. */
  #admit(limiters: readonly BoundLimiter[]): CallReply | undefined {
    const admission = this.#admission;
    for (let at = 0; at < limiters.length; at++) {
      admission.ticket = undefined;
      const answer = limiters[at]!.admit(admission);
      if (answer !== undefined) {
        this.#tell(limiters, at, admission.service, admission.method, codeOfNumber(answer.code), 0, this.#tickets);
        return answer;
      }
      this.#tickets[at] = admission.ticket;
    }
    return undefined;
  }

  #end(slot: Slot, code: EndedCall['code']): void {
    const { limiters, service, method, tickets } = slot;
    const durationMs = this.#thread.clock.nowMs() - slot.sinceMs;
    slot.sink = undefined;
    slot.handle = -1;
    slot.inner = -1;
    this.#tell(limiters, limiters.length, service, method, code, durationMs, tickets);
    this.#free.push(slot);
  }

  /** The first `count` of them; their tickets are forgotten. */
  #tell(
    limiters: readonly BoundLimiter[],
    count: number,
    service: string,
    method: string,
    code: 'OK' | ErrorCode,
    durationMs: number,
    tickets: unknown[],
  ): void {
    const ended = this.#ended;
    for (let at = 0; at < count; at++) {
      const limiter = limiters[at]!;
      if (limiter.hears) {
        ended.service = service;
        ended.method = method;
        ended.code = code;
        ended.durationMs = durationMs;
        ended.ticket = tickets[at];
        limiter.ended(ended);
      }
      tickets[at] = undefined;
    }
    ended.ticket = undefined;
  }

  #claim(sink: ReplySink, tag: number): Slot {
    let slot = this.#free.pop();
    if (slot === undefined) {
      slot = new Slot(this.#slots.length);
      this.#slots.push(slot);
    }
    this.#turn = (this.#turn + 1) % turnSpace;
    slot.sink = sink;
    slot.tag = tag;
    slot.handle = limitedHandles + this.#turn * slotSpace + slot.index;
    return slot;
  }
}
