// lastWords: a thread that ends itself says so on its row of the board, since main can't tell process.exit from being
// terminated. Called once on each IO and CPU thread.

import type { Clock } from './clock.ts';
import type { Board } from './shared/board.ts';
import { board as boardWord, leavings } from './shared/layout.ts';

export function lastWords(board: Board, thread: number, clock: Clock): void {
  let said = false;
  const say = (leaving: number): void => {
    if (said) return;
    said = true;
    board.setGauge(thread, boardWord.left, leaving);
  };
  process.on('uncaughtExceptionMonitor', (_error, origin) => {
    // A handler of the service's own may go on: then this was no end.
    if (process.listenerCount('uncaughtException') > 0) return;
    const blamed = origin === 'unhandledRejection' && board.blameLeft(thread, clock.nowMs());
    say(blamed ? leavings.rejection : leavings.exception);
  });
  // Not emitted in a thread that is terminated.
  process.on('exit', () => say(leavings.exit));
}
