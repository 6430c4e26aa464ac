// Films: the rows of movies.json as clean records, in a fixed order that gives them their numbers. Pure; each thread that
// serves films does it once, when its modules load.

import { cleanTitle } from './title.ts';

/** A film. What the file does not know is null. */
export interface Film {
  /** Its place by fame: 1 is the best known film, so sorted ids are sorted by that. */
  readonly id: number;
  readonly title: string;
  readonly year: number;
  readonly genre: string | null;
  readonly director: string | null;
  readonly distributor: string | null;
  /** MPAA's: PG-13, R, … */
  readonly audience: string | null;
  readonly runningTimeMin: number | null;
  readonly worldwideGrossUsd: number | null;
  /** IMDb's, 1 to 10. */
  readonly rating: number | null;
  readonly votes: number | null;
  /** Rotten Tomatoes' percentage, 0 to 100. */
  readonly critics: number | null;
}

/** A row of the file: the columns that are read. */
export interface Row {
  readonly Title: string | number | null;
  /** `Jun 12 1998`. */
  readonly 'Release Date': string;
  readonly 'Major Genre': string | null;
  readonly Director: string | null;
  readonly Distributor: string | null;
  readonly 'MPAA Rating': string | null;
  readonly 'Running Time min': number | null;
  readonly 'Worldwide Gross': number | null;
  readonly 'IMDB Rating': number | null;
  readonly 'IMDB Votes': number | null;
  readonly 'Rotten Tomatoes Rating': number | null;
}

/** What a film without a title is called. */
export const untitled = '(untitled)';

/** The file was made in 2010 and announces films of 2011; a later year is one of 1915 to 1946, a century off. */
const newestYear = 2011;

/** The year of `Dec 15 2039`, put right: 1939. Throws for what is no such date. */
export function releaseYear(date: string): number {
  const digits = /^[A-Z][a-z]{2} \d\d (\d{4})$/.exec(date)?.[1];
  if (digits === undefined) throw new Error(`"${date}" is no release date; one looks like "Jun 12 1998"`);
  const year = Number(digits);
  return year > newestYear ? year - 100 : year;
}

/** Clean films, best known first. Rows of one title and year are one film, with what any of them knows. */
export function cleanFilms(rows: readonly Row[]): Film[] {
  const merged = new Map<string, Omit<Film, 'id'>>();
  for (const row of rows) {
    const film = filmOf(row);
    // A film without a title is like no other.
    const key = film.title === untitled ? `${merged.size}` : `${film.title.toLowerCase()} ${film.year}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? film : filled(known, film));
  }
  const films = [...merged.values()];
  const fame = fameAmong(films);
  const inOrder = films
    .map((film) => ({ film, fame: fame(film) }))
    .sort((a, b) => b.fame - a.fame || compare(a.film.title, b.film.title) || a.film.year - b.film.year);
  return inOrder.map(({ film }, place) => ({ id: place + 1, ...film }));
}

/** How well known a film is, 0 to 1: by the votes on it; where nobody counted votes, by what it took in. */
export function fameAmong(films: readonly Known[]): (film: Known) => number {
  const votesMost = Math.max(1, ...films.map(({ votes }) => votes ?? 0));
  const grossMost = Math.max(1, ...films.map(({ worldwideGrossUsd }) => worldwideGrossUsd ?? 0));
  return ({ votes, worldwideGrossUsd }) =>
    votes === null
      ? Math.log1p(worldwideGrossUsd ?? 0) / Math.log1p(grossMost)
      : Math.log1p(votes) / Math.log1p(votesMost);
}

type Known = Pick<Film, 'votes' | 'worldwideGrossUsd'>;

function filmOf(row: Row): Omit<Film, 'id'> {
  return {
    title: cleanTitle(row.Title) ?? untitled,
    year: releaseYear(row['Release Date']),
    genre: row['Major Genre'],
    director: row.Director,
    distributor: row.Distributor,
    audience: row['MPAA Rating'],
    runningTimeMin: row['Running Time min'],
    worldwideGrossUsd: row['Worldwide Gross'],
    rating: row['IMDB Rating'],
    votes: row['IMDB Votes'],
    critics: row['Rotten Tomatoes Rating'],
  };
}

function filled(known: Omit<Film, 'id'>, more: Omit<Film, 'id'>): Omit<Film, 'id'> {
  return {
    title: known.title,
    year: known.year,
    genre: known.genre ?? more.genre,
    director: known.director ?? more.director,
    distributor: known.distributor ?? more.distributor,
    audience: known.audience ?? more.audience,
    runningTimeMin: known.runningTimeMin ?? more.runningTimeMin,
    // One of the two counts the other's takings in.
    worldwideGrossUsd: larger(known.worldwideGrossUsd, more.worldwideGrossUsd),
    rating: known.rating ?? more.rating,
    votes: known.votes ?? more.votes,
    critics: known.critics ?? more.critics,
  };
}

function larger(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

/** By code units, not by a locale: the numbers of films must be the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
