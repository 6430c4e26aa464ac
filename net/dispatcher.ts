// IoDispatcher: stages 4 to 6 on an IO thread: service and method → pool and method index, a permit, the queue; or, for
// pool `io`, a fiber on this very thread.

import type { CallHead, ReplySink } from '../runtime/call.ts';
import { callFlags, emptyCallReply } from '../runtime/call.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Route } from '../runtime/shared/asker.ts';
import { refusal, refuse } from '../runtime/shared/refusal.ts';
import type { MethodRow } from '../runtime/thread-control.ts';
import type { RequestRunner } from '../scheduler/request-runner.ts';
import type { RunningRequest } from '../scheduler/running-request.ts';
import type { Dispatcher } from './protocol/protocol.ts';

interface IoRoute {
  row: MethodRow;
  route: Route;
}

/** Handles from here on name local requests; the asker's stay below 2^38. */
const localHandles = 2 ** 40;
/** The largest name that a NOT_FOUND repeats, characters. */
const nameShownMax = 100;

export class IoDispatcher implements Dispatcher, ReplySink {
  serving = true;
  readonly #runner: RequestRunner;
  readonly #clock: Clock;
  readonly #services = new Map<string, Map<string, IoRoute>>();
  readonly #local = new Map<number, RunningRequest>();
  #nextLocal = 0;

  constructor(runner: RequestRunner, clock: Clock) {
    this.#runner = runner;
    this.#clock = clock;
  }

  setMethods(rows: readonly MethodRow[]): void {
    for (const row of rows) {
      let methods = this.#services.get(row.service);
      if (methods === undefined) {
        methods = new Map();
        this.#services.set(row.service, methods);
      }
      methods.set(row.method, { row, route: this.#runner.endpoint.route(row) });
    }
  }

  method(service: string, method: string): MethodRow | undefined {
    return this.#services.get(service)?.get(method)?.row;
  }

  call(service: string, method: string, head: CallHead, sink: ReplySink, tag: number): number {
    const found = this.#services.get(service)?.get(method);
    if (found === undefined) return refuse(sink, tag, this.#notFound(service, method));
    const { row, route } = found;
    if (row.timeoutMs > 0) head.deadlineMs = Math.min(head.deadlineMs, this.#clock.nowMs() + row.timeoutMs);
    if (row.oneWay) head.flags |= callFlags.oneWay;
    const oneWay = (head.flags & callFlags.oneWay) !== 0;
    if (row.pool === 'io' && this.#runner.takesRegular) {
      const handle = this.#runHere(row, head, oneWay ? this : sink, tag);
      if (oneWay) sink.onReply(tag, handedOn);
      return oneWay ? -1 : handle;
    }
    const handle = this.#runner.endpoint.asker.put(route, head, undefined, oneWay ? this : sink, tag);
    if (!oneWay) return handle;
    if (handle >= 0) sink.onReply(tag, handedOn);
    return -1;
  }

  cancel(handle: number): void {
    if (handle < localHandles) {
      this.#runner.endpoint.asker.cancel(handle);
      return;
    }
    const request = this.#local.get(handle);
    if (request === undefined) return;
    this.#local.delete(handle);
    this.#runner.cancelLocal(request);
  }

  /** Replies to one-way requests end here: their callers were told when the request was handed on. */
  onReply(): void {}

  #runHere(row: MethodRow, head: CallHead, sink: ReplySink, tag: number): number {
    // The head's bytes lie in the read buffer, which the next read overwrites; the handler owns its bytes.
    const start = head.metadataStart;
    const bytes = Buffer.allocUnsafe(head.metadataEnd - start + head.bodyEnd - head.bodyStart);
    const metadataBytes = head.source.copy(bytes, 0, start, head.metadataEnd);
    head.source.copy(bytes, metadataBytes, head.bodyStart, head.bodyEnd);
    const own: CallHead = {
      ...head,
      source: bytes,
      metadataStart: 0,
      metadataEnd: metadataBytes,
      bodyStart: metadataBytes,
      bodyEnd: bytes.length,
    };
    const handle = localHandles + this.#nextLocal++;
    const request = this.#runner.runLocal(row.index, own, sink, tag);
    if (request === undefined || request.sink === undefined) return -1;
    this.#local.set(handle, request);
    request.onSent = () => this.#local.delete(handle);
    return handle;
  }

  #notFound(service: string, method: string) {
    const known = this.#services.has(service);
    const name = JSON.stringify((known ? method : service).slice(0, nameShownMax));
    return refusal(
      'NOT_FOUND',
      known ? `service ${service} has no method ${name}` : `there is no service ${name} here`,
    );
  }
}

const handedOn = emptyCallReply();
