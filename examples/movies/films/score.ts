// FilmScorer: how well a film answers a query, 0 to 1: the words of its title (by slips of the finger and by how rare they
// are among titles), then rating, fame, takings and age. The CPU-heavy part of the demo: some µs for each film. Pure.

import { type Film, fameAmong, untitled } from './film.ts';
import { titleWords } from './film-index.ts';
import type { Query, Term } from './query.ts';
import { similarity } from './spelling.ts';
import { wordsOf } from './words.ts';

/** What each part may add. */
const weights = { terms: 0.55, title: 0.15, rating: 0.14, fame: 0.1, takings: 0.03, age: 0.03 };
/** A term that is met by genre or year counts as less than one that stands in the title: 1941 is a film first. */
const facetScore = 0.8;
/** A word that begins the title's word, and the least likeness of words that are taken for slips. */
const prefixScore = 0.8;
const prefixMinLength = 3;
const slipScore = 0.7;
const likenessMin = 0.6;
/** A film is taken to have so many votes for the mean rating beside its own: few votes prove little. */
const priorVotes = 5000;
/** A film so much older than the newest has half its points for age. */
const ageHalvesYears = 25;

interface Prepared {
  readonly film: Film;
  readonly words: readonly string[];
  readonly title: string;
  /** Points that no query changes. */
  readonly standing: number;
}

export interface ScoredFilm {
  readonly id: number;
  /** 0 to 1, in steps of 0.0001. */
  readonly score: number;
}

/** What the viewer likes: films of these genres have so many points more. */
export interface Taste {
  readonly genres: readonly string[];
  readonly bonus: number;
}

const noTaste: Taste = { genres: [], bonus: 0 };

export class FilmScorer {
  readonly #films: readonly Prepared[];
  /** Titles that have the word. */
  readonly #titlesWith = new Map<string, number>();

  constructor(films: readonly Film[]) {
    const standing = standings(films);
    this.#films = films.map((film) => ({
      film,
      words: [...titleWords(film.title)],
      title: film.title === untitled ? '' : withoutArticle(wordsOf(film.title).join(' ')),
      standing: standing(film),
    }));
    for (const { words } of this.#films) {
      for (const word of words) this.#titlesWith.set(word, (this.#titlesWith.get(word) ?? 0) + 1);
    }
  }

  /** The best `limit` films of `ids`, best first. `check` is called before each film, and may throw to end it. */
  best(
    query: Query,
    ids: readonly number[],
    limit: number,
    check: () => void,
    { genres, bonus }: Taste = noTaste,
  ): ScoredFilm[] {
    const rarities = query.terms.map((term) => this.#rarity(term));
    const text = withoutArticle(query.text);
    const scored = ids.map((id) => {
      check();
      const prepared = this.#films[id - 1]!;
      const score = this.#score(query.terms, rarities, text, prepared);
      const { genre } = prepared.film;
      return { id, score: genre !== null && genres.includes(genre) ? Math.min(1, score + bonus) : score };
    });
    scored.sort((a, b) => b.score - a.score || a.id - b.id);
    return scored.slice(0, limit).map(({ id, score }) => ({ id, score: Math.round(score * 10_000) / 10_000 }));
  }

  #score(terms: readonly Term[], rarities: readonly number[], text: string, prepared: Prepared): number {
    let met = 0;
    let possible = 0;
    for (let index = 0; index < terms.length; index++) {
      const rarity = rarities[index]!;
      met += rarity * termScore(terms[index]!, prepared);
      possible += rarity;
    }
    // Half alike is chance.
    const alike = Math.max(0, similarity(text, prepared.title) * 2 - 1);
    return weights.terms * (met / possible) + weights.title * alike + prepared.standing;
  }

  /** How much a term tells: the fewer titles have its rarest word, the more. Always above 0. */
  #rarity({ words }: Term): number {
    const titles = Math.min(...words.map((word) => this.#titlesWith.get(word) ?? 0));
    return Math.log(1 + (this.#films.length + 1) / (titles + 1));
  }
}

function termScore({ words, genres, years }: Term, { film, words: own }: Prepared): number {
  let score = 0;
  for (const word of words) {
    let best = 0;
    for (const ownWord of own) {
      const like = likeness(word, ownWord);
      if (like > best) best = like;
    }
    score += best / words.length;
  }
  const byGenre = genres !== undefined && film.genre !== null && genres.includes(film.genre);
  const byYear = years !== undefined && film.year >= years[0] && film.year <= years[1];
  return byGenre || byYear ? Math.max(score, facetScore) : score;
}

function likeness(word: string, own: string): number {
  if (word === own) return 1;
  if (word.length >= prefixMinLength && own.startsWith(word)) return prefixScore;
  const like = similarity(word, own);
  return like < likenessMin ? 0 : like * slipScore;
}

/** Rating (drawn to the mean while votes are few), fame, takings and age of a film, weighted. */
function standings(films: readonly Film[]): (film: Film) => number {
  const rated = films.map(ratingOf).filter((rating) => rating !== undefined);
  const mean = rated.reduce((sum, rating) => sum + rating, 0) / Math.max(1, rated.length);
  const fame = fameAmong(films);
  const grossMost = Math.max(1, ...films.map(({ worldwideGrossUsd }) => worldwideGrossUsd ?? 0));
  const newest = Math.max(...films.map(({ year }) => year));
  return (film) => {
    const votes = film.votes ?? 0;
    const rating = ((ratingOf(film) ?? mean) * votes + mean * priorVotes) / (votes + priorVotes);
    const takings = Math.log1p(film.worldwideGrossUsd ?? 0) / Math.log1p(grossMost);
    const age = 0.5 ** ((newest - film.year) / ageHalvesYears);
    return weights.rating * rating + weights.fame * fame(film) + weights.takings * takings + weights.age * age;
  };
}

/** Spectators' and critics' rating as one, 0 to 1; undefined: nobody rated it. */
function ratingOf({ rating, critics }: Film): number | undefined {
  if (rating === null) return critics === null ? undefined : critics / 100;
  return critics === null ? rating / 10 : (rating / 10) * 0.7 + (critics / 100) * 0.3;
}

/** The Birds and birds are one title. */
function withoutArticle(title: string): string {
  return title.replace(/^(?:the|an|a) (?=.)/, '');
}
