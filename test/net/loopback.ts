// Loopback: a CallCarrier that serves calls on this thread by MethodProcessors in real fibers, as a scheduler would. What
// it gets it copies at once and overwrites, so that nobody keeps a view; what it answers lies in shared memory.

import { type Contract, methodsOf } from '../../net/service/contract.ts';
import type { Implementation } from '../../net/service/implement.ts';
import { MethodProcessor } from '../../net/service/processor.ts';
import {
  type CallCarrier,
  type CallHead,
  type CallReply,
  callFlags,
  emptyCallHead,
  emptyCallReply,
  type ReplySink,
} from '../../runtime/call.ts';
import { systemClock } from '../../runtime/clock.ts';
import { codeNumber, HeddleError, retryHints } from '../../runtime/errors.ts';
import { Fiber } from '../../runtime/fiber/fiber.ts';
import type { FiberCalls, FiberHost, FiberOrigin, HostedFiber } from '../../runtime/fiber/host.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { decodeMetadata, encodeMetadata } from '../../runtime/metadata.ts';
import { TimerWheel } from '../../runtime/timer-wheel.ts';
import type { ProcessorForm } from '../../scheduler/host-module.ts';

const timers = new TimerWheel({ clock: systemClock });

const fiberHost: FiberHost = {
  clock: systemClock,
  timers,
  log: silentLogger,
  pool: 'loopback',
  calls: {} as FiberCalls,
  nextTurn: (target) => setImmediate(() => target.onTurn()),
};

/** One call as it came, for tests to look at. */
export interface SeenCall {
  head: CallHead;
  metadata: Map<string, string>;
  body: Buffer;
}

export class Loopback implements CallCarrier {
  readonly seen: SeenCall[] = [];
  readonly cancelled: number[] = [];
  readonly #processors = new Map<string, MethodProcessor>();

  constructor(implementation: Implementation) {
    for (const method of methodsOf(implementation.contract as Contract)) {
      const handler = implementation.handlers.get(method.method)!;
      this.#processors.set(method.fullName, new MethodProcessor(method, handler, false));
    }
  }

  call(service: string, method: string, given: CallHead, sink: ReplySink, tag: number): number {
    const head = privateCopy(given);
    const metadata = decodeMetadata(head.source, head.metadataStart, head.metadataEnd);
    this.seen.push({ head, metadata, body: head.source.subarray(head.bodyStart, head.bodyEnd) });
    const handle = this.seen.length - 1;
    const processor = this.#processors.get(`${service}/${method}`);
    if (processor === undefined) {
      answer(sink, tag, new HeddleError('NOT_FOUND', `there is no ${service}/${method}`));
      return -1;
    }
    let form: ProcessorForm;
    try {
      form = processor.form(head);
    } catch (reason) {
      answer(sink, tag, HeddleError.from(reason));
      return -1;
    }
    const ended = (root: HostedFiber): void => {
      if (!this.cancelled.includes(handle)) reply(root, form, head, sink, tag);
    };
    new Fiber(fiberHost, originOf(head, `${service}/${method}`, ended), systemClock.nowMs()).start((fiber) =>
      form.start(head, fiber),
    );
    return handle;
  }

  cancel(handle: number): void {
    this.cancelled.push(handle);
  }
}

function privateCopy(given: CallHead): CallHead {
  const metadata = given.source.subarray(given.metadataStart, given.metadataEnd);
  const body = given.source.subarray(given.bodyStart, given.bodyEnd);
  return {
    ...emptyCallHead(),
    ...given,
    trace: given.trace.slice(),
    source: Buffer.concat([metadata, body]),
    metadataStart: 0,
    metadataEnd: metadata.length,
    bodyStart: metadata.length,
    bodyEnd: metadata.length + body.length,
  };
}

function originOf(head: CallHead, name: string, ended: (root: HostedFiber) => void): FiberOrigin {
  return {
    name,
    deadlineMs: head.deadlineMs,
    priority: head.priority,
    traceWords: undefined,
    traceFlags: 0,
    metadataSource: head.source,
    metadataStart: head.metadataStart,
    metadataEnd: head.metadataEnd,
    depth: head.depth,
    asyncContext: false,
    entering: () => {},
    stopping: () => {},
    isWanted: () => true,
    ended,
  };
}

function reply(root: HostedFiber, form: ProcessorForm, head: CallHead, sink: ReplySink, tag: number): void {
  const exit = root.exit!;
  const pairs = root.replyMetadataIfAny ?? new Map();
  if (exit.how !== 'returned') {
    answer(sink, tag, form.failure?.(exit.error) ?? exit.error, pairs);
    return;
  }
  const written = emptyCallReply();
  try {
    written.source = encodeMetadata(pairs);
    written.metadataEnd = written.source.length;
    if ((head.flags & callFlags.oneWay) === 0) form.encode(exit.value, written);
  } catch (reason) {
    answer(sink, tag, HeddleError.from(reason), pairs);
    return;
  }
  send(sink, tag, written);
}

function answer(sink: ReplySink, tag: number, error: HeddleError, pairs?: ReadonlyMap<string, string>): void {
  const reply = emptyCallReply();
  const metadata = encodeMetadata(pairs ?? []);
  reply.code = codeNumber(error.code);
  reply.retry = retryHints.indexOf(error.retry);
  reply.source = Buffer.concat([metadata, Buffer.from(error.message)]);
  reply.metadataEnd = metadata.length;
  reply.bodyStart = metadata.length;
  reply.bodyEnd = reply.source.length;
  send(sink, tag, reply);
}

/** As a completion ring does: the sink sees shared memory, which is written over when it returns. */
function send(sink: ReplySink, tag: number, reply: CallReply): void {
  const shared = Buffer.from(new SharedArrayBuffer(reply.source.length));
  shared.set(reply.source);
  sink.onReply(tag, { ...reply, source: shared });
  shared.fill(0xee);
}
