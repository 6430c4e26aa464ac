// The plan of a soak run: every kind of fault again and again, at times drawn from the seed, each kind on its own.

import { seededRandom } from '../../runtime/clock.ts';
import type { Fault, Scene } from './faults/fault.ts';

/** Every kind comes at least once in a part of the run, in its first half or so. */
const firstWithin = 0.6;
/** A fault that could not be injected is tried again so much later, ms. */
const againMs = 300;

/** Resolves when the part is over and every fault that had begun has ended. `signal` ends it early. */
export async function injectAll(
  faults: readonly Fault[],
  scene: Scene,
  seed: number,
  partMs: number,
  signal: AbortSignal,
): Promise<void> {
  const endMs = performance.now() + partMs;
  await Promise.all(
    faults.map(async (fault) => {
      const random = seededRandom(seed ^ sumOf(fault.kind));
      let waitMs = random() * Math.min(fault.everyMs, partMs * firstWithin);
      while (performance.now() + waitMs < endMs) {
        await wait(waitMs, signal);
        if (signal.aborted) return;
        const done = await inject(fault, scene, random);
        waitMs = done ? fault.everyMs * (0.5 + random()) : againMs;
      }
    }),
  );
  await wait(endMs - performance.now(), signal);
}

/** False: it was not the time for it. */
async function inject(fault: Fault, scene: Scene, random: () => number): Promise<boolean> {
  const { ledger } = scene;
  const window = ledger.openFault(fault.kind, fault.reaches, fault.codes);
  try {
    const done = await fault.inject(scene, random);
    if (done) ledger.countFault(fault.kind);
    return done;
  } catch (reason) {
    ledger.fail(`${fault.kind}: ${reason instanceof Error ? reason.message : reason}`);
    return true;
  } finally {
    ledger.closeFault(window, fault.lingersMs);
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over);
  });
}

function sumOf(text: string): number {
  let sum = 7;
  for (let at = 0; at < text.length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return sum;
}
