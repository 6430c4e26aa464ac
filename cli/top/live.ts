// showLive: the live view: looks at the process again and again, one look at a time, and draws what is known after each
// look, each key and each second, until somebody quits.

import type { Clock } from '../../runtime/clock.ts';
import type { AdminClient } from './admin-client.ts';
import { defaultFiberThread } from './fibers.ts';
import { frame } from './frame.ts';
import { press } from './keys.ts';
import { observe, type Picture } from './picture.ts';
import { poll } from './poll.ts';
import type { Screen } from './screen.ts';
import type { Symbols } from './symbols.ts';
import { firstView, type View } from './view.ts';

export interface LiveOptions {
  client: AdminClient;
  /** What the first look saw. */
  picture: Picture;
  screen: Screen;
  clock: Clock;
  symbols: Symbols;
  /** Stops this process until it is continued; the terminal has been given back. */
  suspend(): void;
}

/** How often ages are drawn anew, ms. */
const redrawMs = 1_000;
/** Ctrl-C and Ctrl-D come as keys while they come one by one. */
const quitKeys = new Set(['q', 'Q', '\x03', '\x04']);
/** Ctrl-Z. */
const suspendKey = '\x1a';
/** They show what has not been asked for. */
const looksAgain = new Set(['f', ' ', 'left', 'right']);

export class Live {
  /** Resolves when the view is over; rejects with a mistake of ours. The terminal is given back by then. */
  readonly ended: Promise<void>;
  readonly #options: LiveOptions;
  #picture: Picture;
  #view: View = firstView;
  #isLooking = false;
  #isOver = false;
  #lookTimer: unknown;
  #drawTimer: unknown;
  #resolve: () => void = () => {};
  #reject: (reason: unknown) => void = () => {};

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#picture = options.picture;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    options.screen.open({
      key: (key) => this.#guarded(() => this.#onKey(key)),
      redraw: () => this.#guarded(() => this.#draw()),
      gone: () => this.end(),
    });
    this.#guarded(() => {
      this.#drawEverySecond();
      this.#lookAfter(options.picture.intervalMs);
    });
  }

  /** Gives the terminal back. Idempotent. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { clock, screen } = this.#options;
    clock.clearTimer(this.#lookTimer);
    clock.clearTimer(this.#drawTimer);
    screen.close();
    this.#resolve();
  }

  /** After a suspension, one from outside too: then the shell has changed the terminal under us. */
  resume(): void {
    if (this.#isOver) return;
    this.#options.screen.giveBack();
    this.#options.screen.take();
    this.#guarded(() => this.#draw());
  }

  #onKey(key: string): void {
    if (quitKeys.has(key)) {
      this.end();
    } else if (key === suspendKey) {
      this.#options.screen.giveBack();
      this.#options.suspend();
    } else {
      this.#view = press(this.#view, key, this.#picture);
      this.#draw();
      if (looksAgain.has(key)) this.#lookAfter(0);
    }
  }

  #drawEverySecond(): void {
    this.#draw();
    this.#drawTimer = this.#options.clock.setTimer(redrawMs, () => this.#guarded(() => this.#drawEverySecond()));
  }

  #draw(): void {
    const { screen, clock, symbols } = this.#options;
    const now = { nowMs: clock.nowMs(), wallMs: clock.wallMs() };
    const { lines, scroll } = frame(this.#picture, this.#view, screen.size, now, symbols);
    this.#view = { ...this.#view, scroll };
    screen.draw(lines);
  }

  #lookAfter(delayMs: number): void {
    const { clock } = this.#options;
    clock.clearTimer(this.#lookTimer);
    this.#lookTimer = clock.setTimer(delayMs, () => void this.#look());
  }

  /** The thread whose fibers are looked at. */
  get #wantedFibers(): string | undefined {
    if (this.#view.focus !== 'fibers') return undefined;
    return this.#view.fiberThread ?? defaultFiberThread(this.#picture);
  }

  async #look(): Promise<void> {
    if (this.#isLooking || this.#isOver || this.#view.paused) return;
    this.#isLooking = true;
    const { client, clock } = this.#options;
    const beganMs = clock.nowMs();
    const fiberThread = this.#wantedFibers;
    const looked = await poll(client, clock, fiberThread);
    this.#isLooking = false;
    if (this.#isOver) return;
    this.#guarded(() => {
      this.#picture = observe(this.#picture, looked);
      this.#draw();
      // Somebody may have pressed f since, or chosen another thread.
      const isMissing = this.#wantedFibers !== undefined && this.#wantedFibers !== fiberThread;
      this.#lookAfter(isMissing ? 0 : Math.max(0, beganMs + this.#picture.intervalMs - clock.nowMs()));
    });
  }

  /** What goes wrong in a listener or a timer ends the view, as it would end a function. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (reason) {
      this.#reject(reason);
      this.end();
    }
  }
}
