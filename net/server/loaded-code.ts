// LoadedCode (main thread): which files the threads of each pool have loaded, as they told (runtime/loaded-files.ts), so
// that a reload knows whose code is no longer what lies on the disk, and `heddle start --watch` what to look at. Kept by
// generation, not by thread: a thread that replaces another has what its generation has, or else the code has changed.

import { HeddleError } from '../../runtime/errors.ts';
import { stampOf } from '../../runtime/file-stamp.ts';
import { justNow, type LoadedMessage, loadedFilesMax } from '../../runtime/loaded-files.ts';

/** Which generation of a pool. */
export interface PoolGeneration {
  pool: string;
  generation: number;
}

export interface ChangedCode {
  pool: string;
  /** Absolute paths, sorted. */
  files: string[];
}

/** The stamp of a file that threads of one generation have loaded in different versions: it equals none. */
const mixed = 'mixed';

interface Loaded extends PoolGeneration {
  /** Stamps by path. */
  readonly files: Map<string, string>;
  isOver: boolean;
}

export class LoadedCode {
  readonly #loaded = new Map<string, Loaded>();
  readonly #max: number;

  /** Files of one generation at most; the rest is not looked at. */
  constructor(max = loadedFilesMax) {
    this.#max = max;
  }

  /** A thread of this generation has said what it loads. Returns paths of what others of it have loaded in another version. */
  told(of: PoolGeneration, { files, isOver }: LoadedMessage): string[] {
    const loaded = this.#of(of);
    if (isOver) loaded.isOver = true;
    const different: string[] = [];
    for (const { path, stamp } of files) {
      const before = loaded.files.get(path);
      if (before === undefined && loaded.files.size >= this.#max) {
        loaded.isOver = true;
        continue;
      }
      const both = before === undefined ? stamp : joint(before, stamp);
      loaded.files.set(path, both);
      if (both === mixed) different.push(path);
    }
    return different;
  }

  /** Throws ABORTED when threads of one of these generations have loaded a file in different versions. */
  checkWhole(generations: Iterable<PoolGeneration>): void {
    for (const of of generations) {
      for (const [path, stamp] of this.#loaded.get(keyOf(of))?.files ?? []) {
        if (stamp !== mixed) continue;
        throw new HeddleError(
          'ABORTED',
          `threads of pool ${of.pool} have loaded different versions of ${path}: it was changed just then; try again`,
        );
      }
    }
  }

  /** Other generations have ended, or have come to nothing. */
  keepOnly(generations: Iterable<PoolGeneration>): void {
    const living = new Set(Array.from(generations, keyOf));
    for (const key of this.#loaded.keys()) if (!living.has(key)) this.#loaded.delete(key);
  }

  /** Of these generations those whose code is not what lies on the disk now. Looks at each file: 5 µs each. */
  changed(generations: Iterable<PoolGeneration>): ChangedCode[] {
    const now = new Map<string, string>();
    const changed: ChangedCode[] = [];
    for (const of of generations) {
      const files: string[] = [];
      for (const [path, stamp] of this.#loaded.get(keyOf(of))?.files ?? []) {
        let present = now.get(path);
        if (present === undefined) {
          present = stampOf(path);
          now.set(path, present);
        }
        if (present !== stamp) files.push(path);
      }
      if (files.length > 0) changed.push({ pool: of.pool, files: files.sort() });
    }
    return changed;
  }

  /** Pools with more files than are looked at. */
  get over(): string[] {
    return [...new Set([...this.#loaded.values()].filter(({ isOver }) => isOver).map(({ pool }) => pool))];
  }

  /** All files that any thread has loaded, also one that did not get through: path and stamp; the latest generation's. */
  get files(): Map<string, string> {
    return new Map([...this.#loaded.values()].flatMap(({ files }) => [...files]));
  }

  #of(of: PoolGeneration): Loaded {
    const key = keyOf(of);
    let loaded = this.#loaded.get(key);
    if (loaded === undefined) {
      loaded = { ...of, files: new Map(), isOver: false };
      this.#loaded.set(key, loaded);
    }
    return loaded;
  }
}

/** Of a file that two threads have loaded. */
function joint(one: string, other: string): string {
  if (one === other || one === other + justNow) return one;
  return other === one + justNow ? other : mixed;
}

function keyOf({ pool, generation }: PoolGeneration): string {
  return `${generation} ${pool}`;
}
