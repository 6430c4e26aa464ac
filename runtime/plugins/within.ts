// within: foreign work with a bound. What comes of it after that is nobody's, unless `onLate` takes it.

import type { Clock } from '../clock.ts';
import type { HeddleError } from '../errors.ts';

/** What `work` comes to; throws `late()` when that takes longer than `boundMs`. */
export function within<Value>(
  boundMs: number,
  clock: Clock,
  work: () => PromiseLike<Value>,
  late: () => HeddleError,
  onLate?: (value: Value) => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = clock.setTimer(boundMs, () => {
      isLate = true;
      reject(late());
    });
    work().then(
      (value) => {
        clock.clearTimer(timer);
        if (isLate) onLate?.(value);
        else resolve(value);
      },
      (reason: unknown) => {
        clock.clearTimer(timer);
        reject(reason);
      },
    );
  });
}
