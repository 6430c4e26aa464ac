// LoadedCode (main thread): which files the threads of each pool have loaded, as they told (runtime/loaded-files.ts), so
// that a reload knows whose code is no longer what lies on the disk, and `heddle start --watch` what to look at. Kept by
// generation, not by thread: a thread that replaces another loads what its generation has loaded, which is kept here.

import { fileURLToPath } from 'node:url';
import { HeddleError } from '../../runtime/errors.ts';
import { stampOf } from '../../runtime/file-stamp.ts';
import { type KeptCode, type KeptResolution, type KeptText, keptLengthMax, lengthOf } from '../../runtime/kept-code.ts';
import { justNow, type LoadedMessage, loadedFilesMax } from '../../runtime/loaded-files.ts';
import { type CodeLink, isSwitched, linkOf } from './code-links.ts';

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
  /** Links on the way to files, by what was asked for. */
  readonly links: Map<string, CodeLink>;
  isOver: boolean;
  /** By URL, and by key. */
  readonly texts: Map<string, KeptText>;
  readonly resolutions: Map<string, KeptResolution>;
  keptLength: number;
  /** There is more than is kept, so nothing is. */
  isUnkept: boolean;
}

export const unkeptCode = 'the code of these threads is too large to be kept (16 MiB, 10,000 files)';

/** What that means for pools whose code goes on. */
export function unkeptText(pools: readonly string[]): string {
  return `the code of ${pools.join(', ')} is too large to be kept: a thread that dies comes back with what lies on the disk`;
}

export class LoadedCode {
  readonly #loaded = new Map<string, Loaded>();
  readonly #max: number;
  readonly #keptMax: number;

  /** Of one generation at most: files, and links, the rest of which is not looked at, and the length of what is kept of them. */
  constructor(max = loadedFilesMax, keptMax = keptLengthMax) {
    this.#max = max;
    this.#keptMax = keptMax;
  }

  /** A thread of this generation has said what it loads. Returns paths of what others of it have loaded in another version. */
  told(of: PoolGeneration, { files, isOver, texts = [], resolutions = [] }: LoadedMessage): string[] {
    const loaded = this.#of(of);
    if (isOver) loaded.isOver = true;
    this.#keep(loaded, texts, resolutions);
    this.#noteLinks(loaded, resolutions);
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

  /** The code of a generation, for a thread of it that takes the place of another; undefined: it is not kept. */
  kept(of: PoolGeneration): KeptCode | undefined {
    const loaded = this.#loaded.get(keyOf(of));
    if (loaded === undefined || loaded.isUnkept) return undefined;
    const files = new Map<string, KeptText & { stamp: string }>();
    for (const [url, text] of loaded.texts) {
      const stamp = loaded.files.get(fileURLToPath(url));
      if (stamp !== undefined) files.set(url, { ...text, stamp });
    }
    return { files, resolutions: loaded.resolutions };
  }

  /** Whether a thread of this generation that dies comes back with what lies on the disk. */
  isUnkept(of: PoolGeneration): boolean {
    return this.#loaded.get(keyOf(of))?.isUnkept === true;
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

  /** No thread of this one is born any more: its texts are not needed. Its files may be, to see when they are mended. */
  release(of: PoolGeneration): void {
    const loaded = this.#loaded.get(keyOf(of));
    loaded?.texts.clear();
    loaded?.resolutions.clear();
  }

  /** Other generations have ended, or have come to nothing. */
  keepOnly(generations: Iterable<PoolGeneration>): void {
    const living = new Set(Array.from(generations, keyOf));
    for (const key of this.#loaded.keys()) if (!living.has(key)) this.#loaded.delete(key);
  }

  /**
   * Of these generations those whose code is not what lies on the disk now, or whose links lead elsewhere. Looks at each file
   * and link: 5 to 20 µs each.
   */
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
      for (const link of this.#loaded.get(keyOf(of))?.links.values() ?? []) {
        if (isSwitched(link) && !files.includes(link.from)) files.push(link.from);
      }
      if (files.length > 0) changed.push({ pool: of.pool, files: files.sort() });
    }
    return changed;
  }

  /** Pools with more files or links than are looked at. */
  get over(): string[] {
    return [...new Set([...this.#loaded.values()].filter(({ isOver }) => isOver).map(({ pool }) => pool))];
  }

  /** All files that any thread has loaded, also one that did not get through: path and stamp; the latest generation's. */
  get files(): Map<string, string> {
    return new Map([...this.#loaded.values()].flatMap(({ files }) => [...files]));
  }

  /** What the first has told holds: the others load the same, or else the generation is not whole. */
  #keep(loaded: Loaded, texts: readonly KeptText[], resolutions: readonly KeptResolution[]): void {
    if (loaded.isUnkept) return;
    const newTexts = texts.filter(({ url }) => !loaded.texts.has(url));
    const newResolutions = resolutions.filter(({ key }) => !loaded.resolutions.has(key));
    loaded.keptLength += lengthOf(newTexts, newResolutions);
    if (loaded.keptLength > this.#keptMax || loaded.isOver) {
      loaded.isUnkept = true;
      loaded.texts.clear();
      loaded.resolutions.clear();
      return;
    }
    for (const text of newTexts) loaded.texts.set(text.url, text);
    for (const one of newResolutions) loaded.resolutions.set(one.key, one);
  }

  #noteLinks(loaded: Loaded, resolutions: readonly KeptResolution[]): void {
    for (const resolution of resolutions) {
      const link = linkOf(resolution);
      if (link === undefined || loaded.links.has(link.from)) continue;
      if (loaded.links.size < this.#max) loaded.links.set(link.from, link);
      else loaded.isOver = true;
    }
  }

  #of(of: PoolGeneration): Loaded {
    const key = keyOf(of);
    let loaded = this.#loaded.get(key);
    if (loaded === undefined) {
      const kept = { texts: new Map(), resolutions: new Map(), keptLength: 0, isUnkept: false };
      loaded = { ...of, files: new Map(), links: new Map(), isOver: false, ...kept };
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
