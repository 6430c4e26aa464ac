// What the process of a subject is told and tells, and how it does: one order after the other, each with its answer.

import { ClosedLoop, type LoopPlan, type LoopResult } from './closed-loop.ts';

export type Order = ({ readonly kind: 'loop' } & LoopPlan) | { readonly kind: 'idle'; readonly durationMs: number };

export interface IdleResult {
  /** Of one core: by the whole process. */
  readonly processPercent: number;
  /** By the busier one of the two threads; undefined: they can't tell. */
  readonly threadPercent: number | undefined;
}

/** `ready` comes once, before any order. */
export type Answer = { ready: true } | { loop: LoopResult } | { idle: IdleResult } | { error: string };

/** One way to hand bodies to another thread, on the thread that asks. */
export interface Subject {
  /** Begins one load: `loop` asks here from now on, and is told answers. */
  begin(loop: ClosedLoop): void;
  ask(slot: number, body: Buffer): void;
  /** Processor time of the asking thread and of the other, µs; undefined: it can't tell. */
  threadsCpuUs?(): Promise<readonly number[]>;
}

/** Longest time between a load and the look at what the threads take without one, ms. */
const settleMsMax = 500;

/** In a process that was forked as a Child: says `ready`, obeys, and stops when its parent is gone. */
export function takeOrders(obeyed: (order: Order) => Promise<Answer>, stop: () => unknown): void {
  const tell = (answer: Answer): void => void process.send?.(answer);
  // Its parent gives one order after the other.
  process.on('message', (order: Order) => void obeyed(order).then(tell));
  process.once('disconnect', () => void Promise.resolve(stop()).finally(() => process.exit()));
  tell({ ready: true });
}

/** Never rejects: what went wrong is the answer. */
export async function obey(subject: Subject, order: Order): Promise<Answer> {
  try {
    if (order.kind === 'idle') return { idle: await idle(subject, order.durationMs) };
    const loop = new ClosedLoop(order, (slot, body) => subject.ask(slot, body));
    subject.begin(loop);
    return { loop: await loop.run() };
  } catch (reason) {
    return { error: reason instanceof Error ? reason.message : String(reason) };
  }
}

async function idle(subject: Subject, durationMs: number): Promise<IdleResult> {
  // What the load has left behind is collected first.
  await sleep(Math.min(durationMs, settleMsMax));
  // Once in vain: the first time loads the code, and wakes the threads.
  await subject.threadsCpuUs?.();
  const threads = await subject.threadsCpuUs?.();
  const before = process.cpuUsage();
  await sleep(durationMs);
  const used = process.cpuUsage(before);
  const later = await subject.threadsCpuUs?.();
  const percent = (us: number): number => us / 10 / durationMs;
  return {
    processPercent: percent(used.user + used.system),
    threadPercent: threads && later && Math.max(...later.map((us, at) => percent(us - threads[at]!))),
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Of the thread that runs this, µs. */
export function threadCpuUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
