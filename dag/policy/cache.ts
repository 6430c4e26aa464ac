// ValueCache: results of a node by key. One per node and thread; the executor asks it before the work (`fresh`), after a
// failure (`stale`), and stores what the work gave.
//
// Bounded by `maxEntries`: the least recently used goes first. An entry that is too old is dropped when somebody asks for
// it; one that nobody asks for stays until others have pushed it out, so the bound of the memory is `maxEntries` values
// per thread and not the ttl. No timer, no sweep. Values are handed out as they are, to many runs: nobody may change them.

import type { Cache as CacheDefinition } from '../definition.ts';

export type CacheKey = string | number;

/** In a ring with `#ends`: its `next` is the most recently used, its `previous` the least. */
interface Entry<Value> {
  key: CacheKey;
  value: Value | undefined;
  storedMs: number;
  next: Entry<Value>;
  previous: Entry<Value>;
}

/** 1 and '1' are two keys. */
export class ValueCache<Value> {
  /** Answers of `fresh`, with a value and without. */
  hits = 0;
  misses = 0;
  /** Values that `stale` gave. */
  stales = 0;
  /** Entries pushed out by others. */
  evictions = 0;
  readonly #ttlMs: number;
  readonly #keptMs: number;
  readonly #maxEntries: number;
  readonly #entries = new Map<CacheKey, Entry<Value>>();
  readonly #ends: Entry<Value>;

  constructor({ ttlMs, staleMs, maxEntries }: Pick<CacheDefinition, 'ttlMs' | 'staleMs' | 'maxEntries'>) {
    this.#ttlMs = ttlMs;
    this.#keptMs = ttlMs + staleMs;
    this.#maxEntries = maxEntries;
    const ends = { key: '', value: undefined, storedMs: 0 } as Entry<Value>;
    ends.next = ends;
    ends.previous = ends;
    this.#ends = ends;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, while it is younger than the ttl. */
  fresh(key: CacheKey, nowMs: number): Value | undefined {
    const value = this.#younger(key, nowMs, this.#ttlMs);
    if (value === undefined) this.misses++;
    else this.hits++;
    return value;
  }

  /** The value, while it is younger than ttl and stale together. */
  stale(key: CacheKey, nowMs: number): Value | undefined {
    const value = this.#younger(key, nowMs, this.#keptMs);
    if (value !== undefined) this.stales++;
    return value;
  }

  /** Undefined is no value: what was stored before stays. */
  store(key: CacheKey, value: Value, nowMs: number): void {
    if (value === undefined) return;
    const entry = this.#entries.get(key) ?? this.#add(key);
    entry.value = value;
    entry.storedMs = nowMs;
    this.#use(entry);
  }

  #younger(key: CacheKey, nowMs: number, thanMs: number): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const ageMs = nowMs - entry.storedMs;
    if (ageMs < thanMs) {
      this.#use(entry);
      return entry.value;
    }
    if (ageMs >= this.#keptMs) {
      this.#entries.delete(key);
      unlink(entry);
    }
    return undefined;
  }

  /** An entry for a new key: a full cache gives that of the least recently used. */
  #add(key: CacheKey): Entry<Value> {
    const ends = this.#ends;
    let entry: Entry<Value>;
    if (this.#entries.size >= this.#maxEntries) {
      entry = ends.previous;
      this.#entries.delete(entry.key);
      entry.key = key;
      this.evictions++;
    } else {
      entry = { key, value: undefined, storedMs: 0, next: ends, previous: ends.previous };
      ends.previous.next = entry;
      ends.previous = entry;
    }
    this.#entries.set(key, entry);
    return entry;
  }

  #use(entry: Entry<Value>): void {
    const first = this.#ends.next;
    if (first === entry) return;
    unlink(entry);
    entry.next = first;
    entry.previous = this.#ends;
    first.previous = entry;
    this.#ends.next = entry;
  }
}

function unlink<Value>(entry: Entry<Value>): void {
  entry.previous.next = entry.next;
  entry.next.previous = entry.previous;
}
