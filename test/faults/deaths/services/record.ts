// Record: what all threads of a death test write down in one memory: how often each request began, ended and saw that it
// was no longer wanted, and where threads died. Main makes it before the server starts; worker_threads' environment data
// brings it to every thread. Its own atomic operations stay the machine's when trap.ts replaces those of the thread.

import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

const { add, compareExchange, load, store, wait } = Atomics;

const key = 'heddle test deaths';
/** Requests of a test: ids are below this. */
export const recordedIds = 1 << 21;

/** What a thread does when it dies, as far as a test tells it apart. */
export const places = ['put', 'lease', 'take', 'mark', 'free', 'publish', 'drain', 'bell', 'load', 'turn'] as const;
export type Place = (typeof places)[number];

const seedWord = 0;
const armedWord = 1;
const livesWord = 2;
/** worker_threads' ids of threads that stand still until they are ended from outside. */
const standingWord = 3;
const standingMax = 64;
const firstPlaceWord = standingWord + standingMax;
const words = firstPlaceWord + places.length;

export class DeathRecord {
  readonly #words: Int32Array;
  readonly #began: Uint8Array;
  readonly #ended: Uint8Array;
  readonly #unwanted: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, words);
    this.#began = new Uint8Array(memory, words * 4, recordedIds);
    this.#ended = new Uint8Array(memory, words * 4 + recordedIds, recordedIds);
    this.#unwanted = new Uint8Array(memory, words * 4 + 2 * recordedIds, recordedIds);
  }

  get seed(): number {
    return load(this.#words, seedWord);
  }

  set seed(value: number) {
    store(this.#words, seedWord, value);
  }

  /** Whether threads die by themselves now. */
  get armed(): boolean {
    return load(this.#words, armedWord) === 1;
  }

  set armed(value: boolean) {
    store(this.#words, armedWord, value ? 1 : 0);
  }

  /** A number for each thread that asks: its part of the seed. */
  nextLife(): number {
    return add(this.#words, livesWord, 1);
  }

  began(id: number): void {
    add(this.#began, id, 1);
  }

  ended(id: number): void {
    add(this.#ended, id, 1);
  }

  unwanted(id: number): void {
    add(this.#unwanted, id, 1);
  }

  runsOf(id: number): { began: number; ended: number; unwanted: number } {
    return { began: this.#began[id]!, ended: this.#ended[id]!, unwanted: this.#unwanted[id]! };
  }

  died(place: Place): void {
    add(this.#words, firstPlaceWord + places.indexOf(place), 1);
  }

  deathsAt(place: Place): number {
    return load(this.#words, firstPlaceWord + places.indexOf(place));
  }

  /** Stops the calling thread where it stands until it is ended from outside; returns when too many stand already. */
  stand(threadId: number): void {
    for (let at = standingWord; at < standingWord + standingMax; at++) {
      if (compareExchange(this.#words, at, 0, threadId) !== 0) continue;
      for (;;) wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
  }

  /** Main: the threads that have come to stand since the last look; they are to be ended. */
  takeStanding(): number[] {
    const ids: number[] = [];
    for (let at = standingWord; at < standingWord + standingMax; at++) {
      const id = load(this.#words, at);
      if (id === 0) continue;
      ids.push(id);
      store(this.#words, at, 0);
    }
    return ids;
  }
}

/** Main, before the server starts: nothing has run, nobody dies. */
export function shareRecord(seed: number): DeathRecord {
  const memory = new SharedArrayBuffer(words * 4 + 3 * recordedIds);
  setEnvironmentData(key, memory);
  const made = new DeathRecord(memory);
  made.seed = seed;
  return made;
}

/** On a thread of the server. */
export function sharedRecord(): DeathRecord {
  const memory = getEnvironmentData(key);
  if (!(memory instanceof SharedArrayBuffer)) throw new Error('call shareRecord() before the server starts');
  return new DeathRecord(memory);
}
