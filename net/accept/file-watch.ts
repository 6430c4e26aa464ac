// FileWatch (main thread): tells the acceptor when the process runs out of files. Connections are bounded far below the
// limit (acceptor.ts), so it is handlers, clients and modules that get here.
//
//   room   connections are taken. Looked at every second, and at each accept by the descriptor that the socket got.
//          Left when fewer than `spareFiles` are free (→ short), or none at all (→ none).
//   short  connections are refused: the last files are left to logs, admin and whatever the process needs to recover.
//          Left when there is room again (→ room), or none at all (→ none).
//   none   the listeners must be closed: in a process without a file to spare libuv neither accepts a connection nor
//          says so, and once another thread has taken the one file that libuv keeps to refuse with, epoll reports the
//          waiting connection for ever: main would spin. Left when there is room again (→ room).

import type { Clock } from '../../runtime/clock.ts';

/** Files that no connection gets: so many, at most an eighth of all. */
const spareFiles = 32;
/** How often it looks while there is room, ms. */
const roomLookMs = 1_000;
/** How often it looks while there is none, ms. */
const shortLookMs = 100;

export type FileState = 'room' | 'short' | 'none';

export interface FileWatchOptions {
  /** How many files the process may open; Infinity: unknown. */
  openFilesMax: number;
  /** Files that are open now; Infinity: not one more can be opened. */
  openFiles: () => number;
  clock: Clock;
  /** `openFiles`: as seen when the state changed. */
  onChange: (state: FileState, openFiles: number) => void;
}

export class FileWatch {
  readonly #options: FileWatchOptions;
  /** Open files at which it is short, and under which there is room again. */
  readonly #shortAt: number;
  readonly #roomUnder: number;
  #state: FileState = 'room';
  #timer: unknown;

  constructor(options: FileWatchOptions) {
    this.#options = options;
    const spare = Math.min(spareFiles, Math.ceil(options.openFilesMax / 8));
    this.#shortAt = options.openFilesMax - spare;
    this.#roomUnder = this.#shortAt - Math.ceil(spare / 2);
  }

  get state(): FileState {
    return this.#state;
  }

  start(): void {
    this.#arm();
  }

  stop(): void {
    if (this.#timer === undefined) return;
    this.#options.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  /** A descriptor was given out: the lowest that was free, so at least as many files are open. Undefined: not told. */
  saw(descriptor: number | undefined): void {
    if (descriptor !== undefined && descriptor >= this.#shortAt && this.#state === 'room') {
      this.#enter('short', descriptor + 1);
    }
  }

  look(): void {
    const openFiles = this.#options.openFiles();
    const state = this.#judge(openFiles);
    if (state !== this.#state) this.#enter(state, openFiles);
  }

  #judge(openFiles: number): FileState {
    if (openFiles === Number.POSITIVE_INFINITY) return 'none';
    if (this.#state === 'room') return openFiles >= this.#shortAt ? 'short' : 'room';
    return openFiles < this.#roomUnder ? 'room' : this.#state;
  }

  #enter(state: FileState, openFiles: number): void {
    this.#state = state;
    // Between two looks the state changes its pace.
    if (this.#timer !== undefined) this.#arm();
    this.#options.onChange(state, openFiles);
  }

  #arm(): void {
    this.stop();
    this.#timer = this.#options.clock.setTimer(this.#state === 'room' ? roomLookMs : shortLookMs, () => {
      this.#arm();
      this.look();
    });
  }
}
