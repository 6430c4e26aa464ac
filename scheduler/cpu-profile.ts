// cpu-profile: what a thread spends its time on, seen from outside: a thread in an endless loop or a catastrophic regular
// expression can be profiled too. One in a long native call can't, until the call returns: so everything here is bounded.

import type { Worker } from 'node:worker_threads';
import type { Clock } from '../runtime/clock.ts';
import { hottestLine } from '../runtime/cpu-profile.ts';

/** Between two samples, ms. */
const sampleEveryMs = 1;
/** How long the start and the end of a profile may take, ms: over it the thread is in native code. */
const reachMs = 1_000;
/** A profile of a stuck thread that shows no line is made again, for so many times as long. */
const secondFactor = 4;

/** Profiles a thread for `durationMs`: the profile as JSON text; undefined when the thread can't be reached. */
export async function profileThread(worker: Worker, durationMs: number, clock: Clock): Promise<string | undefined> {
  const starting = startProfile(worker);
  const handle = await within(starting, reachMs, clock);
  if (handle === undefined) {
    // Should it begin after all, in a thread that is kept, it must not go on.
    starting.then((late) => late.stop()).catch(() => {});
    return undefined;
  }
  await new Promise<void>((resolve) => {
    clock.setTimer(durationMs, () => resolve());
  });
  return within(handle.stop(), reachMs, clock);
}

/** Of a thread that does not turn: once more, for longer, when a busy machine gave it no processor in that time. */
export async function profileStuckThread(
  worker: Worker,
  durationMs: number,
  clock: Clock,
): Promise<string | undefined> {
  const profile = await profileThread(worker, durationMs, clock);
  if (profile === undefined || hottestLine(profile) !== undefined) return profile;
  return (await profileThread(worker, secondFactor * durationMs, clock)) ?? profile;
}

/** Node 24 takes a name, Node 26 options. */
function startProfile(worker: Worker): ReturnType<Worker['startCpuProfile']> {
  if (Number.parseInt(process.versions.node, 10) >= 26)
    return worker.startCpuProfile({ sampleInterval: sampleEveryMs });
  const start = worker.startCpuProfile as unknown as (this: Worker, name: string) => ReturnType<typeof startProfile>;
  return start.call(worker, 'heddle');
}

/** Undefined when it takes longer, or fails: the thread may have ended meanwhile. */
function within<Value>(promise: Promise<Value>, ms: number, clock: Clock): Promise<Value | undefined> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(ms, () => resolve(undefined));
    promise.then(
      (value) => {
        clock.clearTimer(timer);
        resolve(value);
      },
      () => {
        clock.clearTimer(timer);
        resolve(undefined);
      },
    );
  });
}
