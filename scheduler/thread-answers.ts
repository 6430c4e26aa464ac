// thread-answers: what a thread tells the admin about itself: the tree of its fibers, its connections. Off the hot path;
// on the thread itself, so a thread that is stuck does not answer, and the admin says what it runs instead.

import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../runtime/clock.ts';
import type { Fiber } from '../runtime/fiber/fiber.ts';
import { type FiberRow, reportRowsMax, type ThreadAnswer, type ThreadQuestion } from '../runtime/thread-report.ts';
import type { ThreadExtension } from './host-module.ts';
import type { RunningRequest } from './running-request.ts';

/** Answers on `port` for as long as the thread lives; the port does not keep it alive. */
export function answerAdmin(
  port: MessagePort,
  running: readonly RunningRequest[],
  clock: Clock,
  extension: ThreadExtension | undefined,
): void {
  port.on('message', ({ id, ask }: ThreadQuestion) => {
    const answer: ThreadAnswer = { id, more: 0 };
    if (ask === 'connections') {
      const rows = extension?.connections?.() ?? [];
      answer.connections = rows.slice(0, reportRowsMax);
      answer.more = rows.length - answer.connections.length;
    } else {
      const report = new FiberReport(clock.nowMs());
      answer.fibers = report.rows(running);
      answer.more = report.more;
    }
    port.postMessage(answer);
  });
  port.unref();
}

class FiberReport {
  more = 0;
  readonly #nowMs: number;
  #count = 0;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  rows(running: readonly RunningRequest[]): FiberRow[] {
    const rows: FiberRow[] = [];
    for (const { fiber, startedMs } of running) {
      if (fiber === undefined) continue;
      const row = this.#row(fiber);
      if (row === undefined) continue;
      row.ageMs = this.#nowMs - startedMs;
      if (fiber.deadlineMs !== Number.POSITIVE_INFINITY) row.leftMs = fiber.deadlineMs - this.#nowMs;
      rows.push(row);
    }
    return rows;
  }

  #row(fiber: Fiber): FiberRow | undefined {
    if (this.#count >= reportRowsMax) {
      this.#leaveOut(fiber);
      return undefined;
    }
    this.#count++;
    const { id, name, state } = fiber;
    const row: FiberRow = {
      id,
      name,
      state: state.is,
      stateMs: this.#nowMs - state.sinceMs,
      cancelled: fiber.stopReason !== undefined,
      children: [],
    };
    if (state.is === 'blocked') row.on = state.on;
    for (const child of fiber.children()) {
      const childRow = this.#row(child as Fiber);
      if (childRow !== undefined) row.children.push(childRow);
    }
    return row;
  }

  /** Counts it and all below it. No recursion: what is left out has no bound, and may be deeper than the stack. */
  #leaveOut(fiber: Fiber): void {
    const left: Fiber[] = [];
    for (let next: Fiber | undefined = fiber; next !== undefined; next = left.pop()) {
      this.more++;
      for (const child of next.children()) left.push(child as Fiber);
    }
  }
}
