// untilQuiet (main thread): waits until nothing runs or waits in the whole process, when it stops.

import type { Clock } from '../../runtime/clock.ts';
import type { Supervisor } from '../../scheduler/supervisor.ts';

/** How often it looks, ms. */
const lookMs = 5;

/** `isEnded`: nobody waits any more. */
export async function untilQuiet(
  supervisor: Pick<Supervisor, 'isQuiet'>,
  clock: Clock,
  isEnded: () => boolean,
): Promise<void> {
  while (!supervisor.isQuiet && !isEnded()) {
    await new Promise<void>((resolve) => {
      clock.setTimer(lookMs, () => resolve());
    });
  }
}
