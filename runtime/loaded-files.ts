// LoadedFiles: which files of users a thread has loaded, by import and require, and what they were then, so that main can
// say later whether the thread still runs what lies on the disk. One on each CPU and IO thread, from before its first
// user's module; files of packages (node_modules) and of Heddle itself are not told. It tells their texts too, and a thread
// that takes the place of another loads those of its generation where the disk has others by now (kept-code.ts).

import { isUtf8 } from 'node:buffer';
import { type ResolveFnOutput, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Clock } from './clock.ts';
import { absent, changedAtMs, stampOf } from './file-stamp.ts';
import {
  type KeptCode,
  type KeptResolution,
  type KeptText,
  keptLengthMax,
  lengthOf,
  resolutionKey,
} from './kept-code.ts';

/** Files that one thread tells, and that main keeps of one generation. */
export const loadedFilesMax = 10_000;
/** Of one thread, for each file that it tells at most: how many imports and requires it tells. */
const resolutionsPerFile = 8;
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
  /** Of files that are not kept yet. */
  texts?: KeptText[];
  resolutions?: KeptResolution[];
  /** There are more than `loadedFilesMax`, or too many imports of them, and they are not told. */
  isOver: boolean;
}

export interface LoadedFilesOptions {
  tell(message: LoadedMessage): void;
  clock: Clock;
  /** Of a thread that takes the place of another: what that one's generation has loaded. */
  kept?: KeptCode | undefined;
  /** Default `loadedFilesMax`. */
  max?: number;
}

/** What a stamp ends with that equals no later one, though the file may be the same. */
export const justNow = ' just now';

const ownRoot = new URL('../', import.meta.url).href;
/** What of that is Heddle: in a checkout people put services of their own beside it. */
const ownParts =
  /^(?:(?:admin|bin|build|cli|config|dag|document|load|net|plugins|runtime|scheduler|testing)\/|(?:index|client|plugin|testing|heddle[-a-z]*)\.[jt]s$)/;

export class LoadedFiles {
  readonly #options: LoadedFilesOptions;
  readonly #max: number;
  readonly #seen = new Set<string>();
  /** Each `import()` of a module asks again where it leads. */
  readonly #seenResolutions = new Set<string>();
  readonly #seenTexts = new Set<string>();
  readonly #kept: KeptCode | undefined;
  #untold = nothingTold();
  #length = 0;
  #isOver = false;
  #scheduled = false;

  constructor(options: LoadedFilesOptions) {
    this.#options = options;
    this.#max = options.max ?? loadedFilesMax;
    this.#kept = options.kept;
  }

  /** From here on all that this thread loads is seen. About 20 µs for each module. */
  watch(): void {
    registerHooks({
      resolve: (specifier, context, nextResolve) => {
        const key = resolutionKey(context.parentURL, specifier, context.conditions.includes('require'));
        const kept = this.#keptResolution(key);
        try {
          const resolved = nextResolve(specifier, context);
          if (kept !== undefined && kept.url !== resolved.url) return keptAt(kept);
          this.note(resolved.url);
          if (kept === undefined) {
            const { url, format } = resolved;
            this.#noteResolution({ key, url, format: format ?? undefined }, context.parentURL);
          }
          return resolved;
        } catch (reason) {
          if (kept !== undefined) return keptAt(kept);
          // Somebody may put there what was missing.
          const { url } = reason as { url?: unknown };
          if (typeof url === 'string') this.note(url);
          throw reason;
        }
      },
      load: (url, context, nextLoad) => {
        const kept = this.#kept?.files.get(plain(url));
        if (kept !== undefined && stampOf(fileURLToPath(kept.url)) !== kept.stamp) {
          return { format: kept.format, source: kept.text, shortCircuit: true };
        }
        const loaded = nextLoad(url, context);
        if (kept === undefined && isUsers(url)) this.#noteText(plain(url), loaded.format, loaded.source);
        return loaded;
      },
    });
  }

  /** This URL is about to be loaded. Its file is looked at first: one that changes in between has an old stamp. */
  note(resolved: string): void {
    const url = plain(resolved);
    // Main knows what was kept.
    if (this.#seen.has(url) || !isUsers(url) || this.#kept?.files.has(url) === true) return;
    if (this.#seen.size >= this.#max) {
      if (this.#isOver) return;
      this.#isOver = true;
    } else {
      this.#seen.add(url);
      const path = fileURLToPath(url);
      this.#untold.files.push({ path, stamp: this.#stamp(path) });
    }
    this.#flushLater();
  }

  /** Tells what has not been told yet. */
  flush(): void {
    this.#scheduled = false;
    const { files, texts, resolutions } = this.#untold;
    if (files.length + texts.length + resolutions.length === 0 && !this.#isOver) return;
    this.#untold = nothingTold();
    const code = texts.length + resolutions.length === 0 ? {} : { texts, resolutions };
    this.#options.tell({ type: 'loaded', files, isOver: this.#isOver, ...code });
  }

  /** A file of a package is not kept: one that is gone is replaced by whatever the package has now. */
  #keptResolution(key: string): KeptResolution | undefined {
    const kept = this.#kept?.resolutions.get(key);
    if (kept === undefined || this.#kept!.files.has(plain(kept.url))) return kept;
    return stampOf(fileURLToPath(plain(kept.url))) === absent ? undefined : kept;
  }

  #noteText(url: string, format: string | null | undefined, source: unknown): void {
    if (this.#length > keptLengthMax || this.#seenTexts.has(url)) return;
    const text = textOf(source);
    // A binary module is loaded from the disk again.
    if (text === undefined) return;
    this.#seenTexts.add(url);
    const kept = { url, format: format ?? undefined, text };
    // The one that is too much is told: main sees by it that it is.
    this.#length += lengthOf([kept], []);
    this.#untold.texts.push(kept);
    this.#flushLater();
  }

  #noteResolution(resolution: KeptResolution, parent = ''): void {
    if (!resolution.url.startsWith('file:') || (!isUsers(resolution.url) && !isUsers(parent))) return;
    if (this.#seenResolutions.has(resolution.key)) return;
    if (this.#seenResolutions.size >= resolutionsPerFile * this.#max) {
      if (this.#isOver) return;
      this.#isOver = true;
    } else {
      this.#seenResolutions.add(resolution.key);
      this.#untold.resolutions.push(resolution);
    }
    this.#flushLater();
  }

  #flushLater(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }

  /** One that was changed this very moment never looks unchanged: file systems count time in ticks. */
  #stamp(path: string): string {
    const stamp = stampOf(path);
    return Math.abs(this.#options.clock.wallMs() - changedAtMs(stamp)) < tickMs ? stamp + justNow : stamp;
  }
}

function keptAt({ url, format }: KeptResolution): ResolveFnOutput {
  // For `require` no format is another than null.
  return format === undefined ? { url, shortCircuit: true } : { url, format, shortCircuit: true };
}

function nothingTold(): { files: LoadedFile[]; texts: KeptText[]; resolutions: KeptResolution[] } {
  return { files: [], texts: [], resolutions: [] };
}

/** Undefined: it is none. */
function textOf(source: unknown): string | undefined {
  if (typeof source === 'string') return source;
  if (!(source instanceof Uint8Array) || !isUtf8(source)) return undefined;
  return Buffer.from(source.buffer, source.byteOffset, source.byteLength).toString('utf8');
}

/** Whether the file of this URL comes with Heddle, and is none of its users'. */
export function isHeddles(url: string): boolean {
  return url.startsWith(ownRoot) && ownParts.test(url.slice(ownRoot.length));
}

function isUsers(url: string): boolean {
  if (!url.startsWith('file:') || url.includes('/node_modules/')) return false;
  return !isHeddles(url);
}

/** Without query and fragment, by which one file is loaded several times. */
function plain(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}
