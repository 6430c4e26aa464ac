// CPU profiles that the admin thread takes by Node's inspector: of main, also while that hangs in JavaScript, and of the
// admin itself. One at a time: a thread has one profiler.

import { Session } from 'node:inspector';
import { systemClock } from '../runtime/clock.ts';
import type { CpuProfile } from '../runtime/cpu-profile.ts';
import { HeddleError } from '../runtime/errors.ts';

/** Between two samples, µs. */
const sampleEveryUs = 1_000;
/** How long main may take to begin and to end a profile, ms: over it, it is in native code. */
const reachMs = 1_500;

let underWay = false;

/** Throws UNAVAILABLE when main can't be reached, RESOURCE_EXHAUSTED when main or admin is being profiled already. */
export function profileMain(durationMs: number): Promise<CpuProfile> {
  return profile('main', (session) => session.connectToMainThread(), durationMs);
}

/** Profiles this thread. Throws RESOURCE_EXHAUSTED when main or admin is being profiled already. */
export function profileSelf(durationMs: number): Promise<CpuProfile> {
  return profile('admin', (session) => session.connect(), durationMs);
}

async function profile(name: string, connect: (session: Session) => void, durationMs: number): Promise<CpuProfile> {
  if (underWay) {
    throw new HeddleError('RESOURCE_EXHAUSTED', 'main or admin is being profiled already; try again when it is done');
  }
  underWay = true;
  const session = new Session();
  try {
    connect(session);
    await post(session, name, 'Profiler.enable');
    await post(session, name, 'Profiler.setSamplingInterval', { interval: sampleEveryUs });
    await post(session, name, 'Profiler.start');
    await new Promise<void>((resolve) => {
      systemClock.setTimer(durationMs, () => resolve());
    });
    return ((await post(session, name, 'Profiler.stop')) as { profile: CpuProfile }).profile;
  } finally {
    session.disconnect();
    underWay = false;
  }
}

function post(session: Session, name: string, method: string, params: object = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = systemClock.setTimer(reachMs, () => {
      reject(new HeddleError('UNAVAILABLE', `thread ${name} can't be profiled: it is in native code`));
    });
    session.post(method, params, (error, answer) => {
      systemClock.clearTimer(timer);
      if (error === null) resolve(answer);
      else reject(new HeddleError('UNAVAILABLE', `thread ${name} can't be profiled: ${error.message}`));
    });
  });
}
