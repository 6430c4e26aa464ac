// FilmIndex: which films have a word in their title, a genre, a year, a director. Inverted lists, made once per thread; every list is
// sorted by id, and so by how well known a film is. Pure.

import type { Film } from './film.ts';
import { untitled } from './film.ts';
import { editDistance } from './spelling.ts';
import { wordsOf } from './words.ts';

/** Other spellings of a word that are looked up. */
const nearWordsMax = 8;

export class FilmIndex {
  readonly #byWord = new Map<string, number[]>();
  readonly #byGenre = new Map<string, number[]>();
  readonly #byYear = new Map<number, number[]>();
  readonly #byDirectorWord = new Map<string, number[]>();

  constructor(films: readonly Film[]) {
    for (const { id, title, genre, year, director } of films) {
      for (const word of titleWords(title)) append(this.#byWord, word, id);
      if (genre !== null) append(this.#byGenre, genre, id);
      append(this.#byYear, year, id);
      for (const word of new Set(wordsOf(director ?? ''))) append(this.#byDirectorWord, word, id);
    }
  }

  get genres(): string[] {
    return [...this.#byGenre.keys()].sort();
  }

  /**
   * Films whose titles have all the words; singular and plural count as one. With `near`, a word that no title has
   * stands for those of the nearest spelling.
   */
  withWords(words: readonly string[], near: boolean): number[] {
    if (words.length === 0) return [];
    return intersection(words.map((word) => this.#withWord(word, near)));
  }

  withGenre(genre: string): readonly number[] {
    return this.#byGenre.get(genre) ?? [];
  }

  /** Both years included. */
  withinYears(from: number, to: number): number[] {
    const lists: (readonly number[])[] = [];
    for (const [year, ids] of this.#byYear) if (year >= from && year <= to) lists.push(ids);
    return union(lists);
  }

  /** Films of directors whose names have all the words. */
  withDirector(words: readonly string[]): number[] {
    if (words.length === 0) return [];
    return intersection(words.map((word) => this.#byDirectorWord.get(word) ?? []));
  }

  #withWord(word: string, near: boolean): number[] {
    const forms = [word, `${word}s`, word.replace(/s$/, '')].filter((form) => this.#byWord.has(form));
    const spellings = forms.length > 0 || !near ? forms : this.#nearest(word);
    return union(spellings.map((spelling) => this.#byWord.get(spelling)!));
  }

  /** The words of all titles that are fewest slips away: one slip for 4 letters and more, two for 8 and more. */
  #nearest(word: string): string[] {
    if (word.length < 4 || /\p{N}/u.test(word)) return [];
    let slips = word.length < 8 ? 1 : 2;
    let found: string[] = [];
    for (const known of this.#byWord.keys()) {
      if (Math.abs(known.length - word.length) > slips) continue;
      const distance = editDistance(word, known);
      if (distance > slips) continue;
      if (distance < slips) found = [];
      slips = distance;
      found.push(known);
    }
    return found.slice(0, nearWordsMax);
  }
}

/** The words by which a film is found; one that stands twice counts once. */
export function titleWords(title: string): Set<string> {
  return new Set(title === untitled ? [] : wordsOf(title));
}

/** Ids that are in any of the lists, sorted. */
export function union(lists: readonly (readonly number[])[]): number[] {
  return [...new Set(lists.flat())].sort((a, b) => a - b);
}

/** Ids that are in all of the lists, sorted as the first is. */
export function intersection(lists: readonly (readonly number[])[]): number[] {
  const [first = [], ...others] = lists;
  const sets = others.map((ids) => new Set(ids));
  return first.filter((id) => sets.every((set) => set.has(id)));
}

function append<Key>(lists: Map<Key, number[]>, key: Key, id: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [id]);
  else list.push(id);
}
