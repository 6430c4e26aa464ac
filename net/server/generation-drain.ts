// drainGeneration (main thread): the end of a generation that no new call is meant for. Its queue can only become emptier
// once every thread routes by a table that does not name it; when that is empty its threads finish what they run, and end.

import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { laneCount } from '../../runtime/shared/layout.ts';
import { RunQueue } from '../../runtime/shared/run-queue.ts';
import type { PoolMemory } from '../../runtime/thread-control.ts';
import { longestFinishMs, type ThreadGeneration } from '../../scheduler/thread-generation.ts';

/** How often it looks whether the queue is empty, ms. */
const queueLookMs = 5;

export interface GenerationDrain {
  pool: string;
  generation: ThreadGeneration;
  queue: PoolMemory;
  /** Resolves when no thread puts into its queue any more. */
  turned: Promise<void>;
  /** From the turn on: what waits longer, and has no later deadline, is answered without having run, ms. */
  finishMs: number;
  /** How long all that may take before what is left of it is ended, ms. Default: as long as threads may finish. */
  endWithinMs?: number | undefined;
  /** The process stops, and ends all threads itself. */
  isStopped(): boolean;
  stopped: Promise<void>;
  clock: Clock;
  log: Logger;
}

/** Resolves when the queue is free for another generation. What the threads run then goes on behind; the log tells of its end. */
export async function drainGeneration(drain: GenerationDrain): Promise<void> {
  const { pool, generation, queue, turned, finishMs, isStopped, clock, log } = drain;
  const beganMs = clock.nowMs();
  const sinceMs = (): number => Math.round(clock.nowMs() - beganMs);
  giveUpLater(drain);
  await turned;
  const look = new RunQueue(queue.memory, queue.capacity, 0);
  const turnedMs = clock.nowMs();
  // Of one that is down whatever waited was answered, and is passed over by the next one.
  while (!isStopped() && !isEmpty(look) && !generation.isDown(queue.name)) {
    if (isOverdue(look, turnedMs, finishMs, clock.nowMs())) {
      log.warn(
        { pool, generation: generation.number, finishMs },
        'the threads of an old generation do not get free: what waits for them is answered',
      );
      generation.refuseWaiting();
    }
    await aWhile(clock);
  }
  if (isStopped()) return;
  const queueMs = sinceMs();
  const threads = generation.size;
  await generation.retire();
  const fields = { pool, generation: generation.number, threads, queueMs, leftMs: sinceMs() };
  void generation.ended.then(() => log.info({ ...fields, endedMs: sinceMs() }, 'an old generation has ended'));
}

function giveUpLater({ pool, generation, endWithinMs, stopped, clock, log }: GenerationDrain): void {
  if (endWithinMs === undefined) return;
  const timer = clock.setTimer(endWithinMs, () => {
    log.warn(
      { pool, generation: generation.number, endWithinMs },
      'what a generation that was taken back still runs is ended',
    );
    generation.giveUp();
  });
  void Promise.race([generation.ended, stopped]).then(() => clock.clearTimer(timer));
}

/** Whether what waits has waited long enough, and none of it has said that it has the time. */
function isOverdue(queue: RunQueue, turnedMs: number, finishMs: number, nowMs: number): boolean {
  if (nowMs < turnedMs + finishMs) return false;
  let latestMs = 0;
  for (let lane = 0; lane < laneCount; lane++) latestMs = Math.max(latestMs, queue.latestDeadlineMs(lane));
  return nowMs >= Math.min(latestMs, turnedMs + longestFinishMs);
}

function isEmpty(queue: RunQueue): boolean {
  for (let lane = 0; lane < laneCount; lane++) if (!queue.isEmpty(lane)) return false;
  return true;
}

function aWhile(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(queueLookMs, resolve);
  });
}
