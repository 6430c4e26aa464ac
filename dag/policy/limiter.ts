// Limiter: how many runs of a node are under way at once. One per node and thread; the executor enters before the work and
// leaves when it has ended, however it ended. Nobody waits: over the bound a run is refused, and its fallback may answer.

import { HeddleError } from '../../runtime/errors.ts';

export class Limiter {
  readonly max: number;
  /** Under way. */
  running = 0;
  /** Times that it was full. */
  refused = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** False: it is full, and there is nothing to leave. */
  enter(): boolean {
    if (this.running >= this.max) {
      this.refused++;
      return false;
    }
    this.running++;
    return true;
  }

  leave(): void {
    if (this.running === 0) {
      throw new HeddleError('INTERNAL', 'a limiter was left that nobody had entered; call leave once for each enter');
    }
    this.running--;
  }
}
