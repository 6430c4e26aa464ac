// parseQuery: what somebody typed, as terms. `comedy 1990s` has two: a genre and a span of years; each may be meant as
// words of a title as well, as in The King of Comedy and 1941. Pure.

import { HeddleError } from 'heddle';
import { wordsOf } from './words.ts';

/** One thing that a film is to have: words in its title, or the genre, or the year. */
export interface Term {
  readonly words: readonly string[];
  /** Any of these genres. */
  readonly genres?: readonly string[];
  /** First and last year. */
  readonly years?: readonly [number, number];
}

export interface Query {
  /** All words, joined by spaces. */
  readonly text: string;
  readonly terms: readonly Term[];
}

/** Longest text, in characters, and most terms of one: each term is looked up on its own. */
export const textMaxLength = 200;
export const termsMax = 16;

const genreWords: Readonly<Record<string, readonly string[]>> = {
  action: ['Action'],
  adventure: ['Adventure'],
  'black comedy': ['Black Comedy'],
  'dark comedy': ['Black Comedy'],
  comedy: ['Comedy', 'Romantic Comedy', 'Black Comedy'],
  concert: ['Concert/Performance'],
  documentary: ['Documentary'],
  drama: ['Drama'],
  horror: ['Horror'],
  musical: ['Musical'],
  'romantic comedy': ['Romantic Comedy'],
  suspense: ['Thriller/Suspense'],
  thriller: ['Thriller/Suspense'],
  western: ['Western'],
};

/** Words that say little: a query of other words is looked up without them. */
const smallWords: ReadonlySet<string> = new Set([
  ...['a', 'an', 'and', 'at', 'by', 'for', 'from', 'in', 'of', 'on', 'or', 'the', 'to', 'with'],
  ...['film', 'films', 'movie', 'movies'],
]);

const years = /\b(\d{4})\s*(?:-|–|\.\.)\s*(\d{4})\b|\b((?:\d\d)?\d0)['’]?s\b|\b(\d{4})\b/g;

/** Throws INVALID_ARGUMENT for a text without words, and one that is too long. */
export function parseQuery(text: string): Query {
  if (text.length > textMaxLength) {
    throw invalid(`text has ${text.length} characters, and at most ${textMaxLength} are read; shorten it`);
  }
  const terms: Term[] = [];
  let at = 0;
  for (const match of text.matchAll(years)) {
    terms.push(...wordTerms(wordsOf(text.slice(at, match.index))), yearTerm(match));
    at = match.index + match[0].length;
  }
  terms.push(...wordTerms(wordsOf(text.slice(at))));
  if (terms.length === 0) throw invalid('text has no words; say what to look for, such as "alien" or "comedy 1990s"');
  const telling = terms.filter(({ words }) => !words.every((word) => smallWords.has(word)));
  const used = telling.length === 0 ? terms : telling;
  if (used.length > termsMax) {
    throw invalid(`text has ${used.length} terms, and at most ${termsMax} are looked up; leave some out`);
  }
  return { text: wordsOf(text).join(' '), terms: used };
}

function yearTerm([written, from, to, decade, year]: RegExpExecArray): Term {
  const words = wordsOf(written);
  if (from !== undefined && to !== undefined) {
    const [first, last] = [Number(from), Number(to)];
    return { words, years: first <= last ? [first, last] : [last, first] };
  }
  if (decade !== undefined) {
    const short = Number(decade);
    // 90s are the 1990s, 00s the 2000s: films began in between.
    const first = decade.length === 4 ? short : short + (short < 20 ? 2000 : 1900);
    return { words, years: [first, first + 9] };
  }
  return { words, years: [Number(year), Number(year)] };
}

/** Genres of two words go before those of one; all else is a term by itself. */
function wordTerms(words: readonly string[]): Term[] {
  const terms: Term[] = [];
  for (let at = 0; at < words.length; ) {
    const size = genresOf(words.slice(at, at + 2)) === undefined ? 1 : 2;
    const these = words.slice(at, at + size);
    const genres = genresOf(these);
    terms.push(genres === undefined ? { words: these } : { words: these, genres });
    at += size;
  }
  return terms;
}

function genresOf(words: readonly string[]): readonly string[] | undefined {
  const singular = words.join(' ').replace(/ies$/, 'y').replace(/s$/, '');
  return Object.hasOwn(genreWords, singular) ? genreWords[singular] : undefined;
}

function invalid(sentence: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', sentence);
}
