// FileWatch: tells which of some files have changed, once they have been left alone for a moment. Used by `heddle start
// --watch`, on the main thread.
//
// It compares stamps (runtime/file-stamp.ts) and nothing else, so it does not matter how a file came to be another one: written in
// place, in two steps, or renamed over by an editor or by git. Changes in the folders of the files are only a hint to look now;
// it looks every second anyway, since there are file systems that give no hints (network, containers), and bounds on how
// many folders give them.

import { watch as watchFolder } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Clock } from '../runtime/clock.ts';
import { stampOf } from '../runtime/file-stamp.ts';

export interface FileWatchOptions {
  /**
   * What to look at now, by absolute path. With the stamp that somebody has read it at, it has changed when it has another; without
   * (undefined), when it has another than at the first look, and when it comes or goes later.
   */
  files(): ReadonlyMap<string, string | undefined>;
  /** These have changed. Not called again before it has ended. Must not reject. */
  onChange(paths: string[]): Promise<void>;
  clock: Clock;
}

/** How long files must have been left alone: editors write in several steps, git many files, ms. */
const quietMs = 100;
/** Files that never stay alone so long are told all the same after this, ms. */
const unrestMaxMs = 2_000;
/** Between two looks that nothing hints at; longer where looking takes longer than 1/50 of it, ms. */
const pollMs = 1_000;
const pollFactor = 50;
/** Folders that give hints. */
const foldersMax = 1_000;

interface Seen {
  stamp: string;
  isRead: boolean;
}

export class FileWatch {
  readonly #options: FileWatchOptions;
  /** Stamps at the last look; whether somebody had read the file. Undefined: there was no look yet. */
  #known: Map<string, Seen> | undefined;
  readonly #folders = new Map<string, { close(): void }>();
  #names = new Set<string>();
  readonly #changed = new Set<string>();
  #changedSinceMs = 0;
  #telling = false;
  #timer: unknown;
  /** When the timer is due, on the clock. */
  #dueMs = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(options: FileWatchOptions) {
    this.#options = options;
    this.#look();
  }

  close(): void {
    this.#closed = true;
    this.#options.clock.clearTimer(this.#timer);
    for (const { close } of this.#folders.values()) close();
    this.#folders.clear();
  }

  #look(): void {
    if (this.#closed) return;
    const { clock, files } = this.#options;
    const beganMs = clock.nowMs();
    const paths = files();
    const known = new Map<string, Seen>();
    let isQuiet = true;
    const note = (path: string): void => {
      isQuiet = false;
      if (this.#changed.size === 0) this.#changedSinceMs = beganMs;
      this.#changed.add(path);
    };
    for (const [path, read] of paths) {
      const stamp = stampOf(path);
      known.set(path, { stamp, isRead: read !== undefined });
      const before = this.#known?.get(path)?.stamp ?? read ?? (this.#known === undefined ? stamp : 'none');
      if (stamp !== before) note(path);
    }
    for (const [path, { isRead }] of this.#known ?? []) if (!isRead && !paths.has(path)) note(path);
    this.#known = known;
    this.#follow(paths.keys());
    const endMs = clock.nowMs();
    if (this.#changed.size > 0 && (isQuiet || endMs - this.#changedSinceMs >= unrestMaxMs)) this.#tell();
    const isUneasy = this.#changed.size > 0 && !this.#telling;
    this.#lookIn(isUneasy ? quietMs : Math.max(pollMs, (endMs - beganMs) * pollFactor));
  }

  /** Whatever changes while this goes on is told after it. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    const paths = [...this.#changed].sort();
    this.#changed.clear();
    void this.#options.onChange(paths).then(() => {
      this.#telling = false;
      this.#hint();
    });
  }

  /** Something may have changed. */
  #hint(): void {
    if (this.#closed || this.#options.clock.nowMs() + quietMs >= this.#dueMs) return;
    this.#lookIn(quietMs);
  }

  #lookIn(delayMs: number): void {
    const { clock } = this.#options;
    clock.clearTimer(this.#timer);
    this.#dueMs = clock.nowMs() + delayMs;
    this.#timer = clock.setTimer(delayMs, () => this.#look());
  }

  #follow(paths: Iterable<string>): void {
    const folders = new Set<string>();
    this.#names = new Set();
    for (const path of paths) {
      this.#names.add(basename(path));
      if (folders.size < foldersMax) folders.add(dirname(path));
    }
    for (const [folder, { close }] of this.#folders) {
      if (folders.has(folder)) continue;
      close();
      this.#folders.delete(folder);
    }
    for (const folder of folders) if (!this.#folders.has(folder)) this.#open(folder);
  }

  #open(folder: string): void {
    try {
      const watcher = watchFolder(folder, { persistent: false }, (_, name) => {
        if (name === null || this.#names.has(name)) this.#hint();
      });
      // Gone, or too many: the next look opens it again where it can.
      const close = () => watcher.close();
      watcher.on('error', () => {
        close();
        if (this.#folders.get(folder)?.close === close) this.#folders.delete(folder);
      });
      this.#folders.set(folder, { close });
    } catch {
      // It is looked at every second all the same.
    }
  }
}
