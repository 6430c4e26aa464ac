// The films of this thread: read and cleaned when the first service of a thread loads, and shared by those that follow.
// 3,201 rows are 1.4 MB of JSON; that is little enough for each thread to have its own.

import { readFileSync } from 'node:fs';
import { cleanFilms, type Film, type Row } from './film.ts';

const text = readFileSync(new URL('../data/movies.json', import.meta.url), 'utf8');

/** All films by id: film 1 is the first. */
export const films: readonly Film[] = cleanFilms(JSON.parse(text) as Row[]);

/** Undefined: there is no film of this number. */
export function filmOfId(id: number): Film | undefined {
  return films[id - 1];
}
