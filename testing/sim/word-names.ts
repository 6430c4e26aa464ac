// WordNames: what the words of shared memory are called in traces: `queue ranking lane 1 slot 3 state`. Whoever makes the
// memory says what its words are.

import {
  boardRowWords,
  board as boardWord,
  lane as laneWord,
  laneWords,
  ring as ringWord,
  slot as slotWord,
  slotWords,
} from '../../runtime/shared/layout.ts';

type NameOf = (index: number) => string;

export class WordNames {
  readonly #names = new WeakMap<object, NameOf>();

  add(memory: object, nameOf: NameOf): void {
    this.#names.set(memory, nameOf);
  }

  nameOf(words: Int32Array, index: number): string {
    return this.#names.get(words.buffer)?.(index + words.byteOffset / 4) ?? `word ${index}`;
  }
}

const boardWords = new Map<number, string>(Object.entries(boardWord).map(([name, word]) => [word, name]));

/** `threadName`: of a number. */
export function boardNames(threadName: (number: number) => string): NameOf {
  return (index) => {
    const word = index % boardRowWords;
    return `${boardWords.get(word) ?? `word ${word}`} of ${threadName(Math.floor(index / boardRowWords))}`;
  };
}

const slotNames = new Map<number, string>(Object.entries(slotWord).map(([name, word]) => [word, name]));

export function queueNames(queue: string, capacity: number): NameOf {
  return (index) => {
    const lane = Math.floor(index / laneWords(capacity));
    const word = index % laneWords(capacity);
    const at = `queue ${queue} lane ${lane}`;
    if (word === laneWord.head) return `${at} head`;
    if (word === laneWord.tail) return `${at} tail`;
    const inSlots = word - laneWord.slots;
    const name = slotNames.get(inSlots % slotWords) ?? `word ${inSlots % slotWords}`;
    return `${at} slot ${Math.floor(inSlots / slotWords)} ${name}`;
  };
}

export function ringNames(ring: string): NameOf {
  return (index) => {
    if (index === ringWord.head) return `${ring} head`;
    if (index === ringWord.tail) return `${ring} tail`;
    if (index === ringWord.writerWaits) return `${ring} writerWaits`;
    if (index === ringWord.written) return `${ring} written`;
    return `${ring} data`;
  };
}

/** `what` word by word. */
export function plainNames(what: string): NameOf {
  return (index) => `${what} ${index}`;
}
