// LoadedFiles: which files of users a thread has loaded, by import and require, and what they were then, so that main can
// say later whether the thread still runs what lies on the disk. One on each CPU and IO thread, from before its first
// user's module; files of packages (node_modules) and of Heddle itself are not told.

import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Clock } from './clock.ts';
import { changedAtMs, stampOf } from './file-stamp.ts';

/** Files that one thread tells, and that main keeps of one generation. */
export const loadedFilesMax = 10_000;
/** A file that was changed less than this before it was loaded may change again without its stamp showing it, ms. */
const tickMs = 20;

export interface LoadedFile {
  /** Absolute. */
  path: string;
  /** As `stampOf` had it just before the file was read. */
  stamp: string;
}

/** To main: what a thread has loaded since it said so last. */
export interface LoadedMessage {
  type: 'loaded';
  files: LoadedFile[];
  /** There are more than `loadedFilesMax`, and they are not told. */
  isOver: boolean;
}

export interface LoadedFilesOptions {
  tell(message: LoadedMessage): void;
  clock: Clock;
  /** Default `loadedFilesMax`. */
  max?: number;
}

/** What a stamp ends with that equals no later one, though the file may be the same. */
export const justNow = ' just now';

const ownRoot = new URL('../', import.meta.url).href;
/** Folders of the repository that are Heddle's users, as it is run from its sources. */
const userFolders = ['examples/', 'test/', 'bench/'];

export class LoadedFiles {
  readonly #options: LoadedFilesOptions;
  readonly #max: number;
  readonly #seen = new Set<string>();
  #untold: LoadedFile[] = [];
  #isOver = false;
  #scheduled = false;

  constructor(options: LoadedFilesOptions) {
    this.#options = options;
    this.#max = options.max ?? loadedFilesMax;
  }

  /** From here on all that this thread loads is seen. About 20 µs for each module. */
  watch(): void {
    registerHooks({
      resolve: (specifier, context, nextResolve) => {
        try {
          const resolved = nextResolve(specifier, context);
          this.note(resolved.url);
          return resolved;
        } catch (reason) {
          // Somebody may put there what was missing.
          const { url } = reason as { url?: unknown };
          if (typeof url === 'string') this.note(url);
          throw reason;
        }
      },
    });
  }

  /** This URL is about to be loaded. Its file is looked at first: one that changes in between has an old stamp. */
  note(resolved: string): void {
    const url = plain(resolved);
    if (this.#seen.has(url) || !isUsers(url)) return;
    if (this.#seen.size >= this.#max) {
      if (this.#isOver) return;
      this.#isOver = true;
    } else {
      this.#seen.add(url);
      const path = fileURLToPath(url);
      this.#untold.push({ path, stamp: this.#stamp(path) });
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }

  /** Tells what has not been told yet. */
  flush(): void {
    this.#scheduled = false;
    if (this.#untold.length === 0 && !this.#isOver) return;
    this.#options.tell({ type: 'loaded', files: this.#untold, isOver: this.#isOver });
    this.#untold = [];
  }

  /** One that was changed this very moment never looks unchanged: file systems count time in ticks. */
  #stamp(path: string): string {
    const stamp = stampOf(path);
    return Math.abs(this.#options.clock.wallMs() - changedAtMs(stamp)) < tickMs ? stamp + justNow : stamp;
  }
}

function isUsers(url: string): boolean {
  if (!url.startsWith('file:') || url.includes('/node_modules/')) return false;
  if (!url.startsWith(ownRoot)) return true;
  const path = url.slice(ownRoot.length);
  return userFolders.some((folder) => path.startsWith(folder));
}

/** Without query and fragment, by which one file is loaded several times. */
function plain(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}
