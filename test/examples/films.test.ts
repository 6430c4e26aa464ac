import { readFileSync } from 'node:fs';
import test from 'ava';
import { candidates } from '../../examples/movies/films/candidates.ts';
import { cleanFilms, type Row, releaseYear, untitled } from '../../examples/movies/films/film.ts';
import { FilmIndex, titleWords, union } from '../../examples/movies/films/film-index.ts';
import { parseQuery, type Term } from '../../examples/movies/films/query.ts';
import { FilmScorer } from '../../examples/movies/films/score.ts';
import { editDistance } from '../../examples/movies/films/spelling.ts';
import { cleanTitle } from '../../examples/movies/films/title.ts';
import { wordsOf } from '../../examples/movies/films/words.ts';

const text = readFileSync(new URL('../../examples/movies/data/movies.json', import.meta.url), 'utf8');
const rows = JSON.parse(text) as Row[];
const films = cleanFilms(rows);
const index = new FilmIndex(films);

const idOf = (title: string, year: number) => films.find((film) => film.title === title && film.year === year)?.id;

test('3,201 rows are 3,200 films, numbered from the best known', (t) => {
  t.is(rows.length, 3201);
  t.is(films.length, 3200);
  t.deepEqual(
    films.map(({ id }) => id),
    films.map((_, place) => place + 1),
  );
  t.is(films[0]?.title, 'The Shawshank Redemption');
  t.deepEqual(
    cleanFilms(rows.toReversed()).map(({ title }) => title),
    films.map(({ title }) => title),
  );
});

const cleaned = test.macro({
  exec: (t, written: string | number | null, title: string | undefined) => t.is(cleanTitle(written), title),
  title: (_, written, title) => `the title ${JSON.stringify(written)} reads ${title ?? 'as none'}`,
});
test(cleaned, 1776, '1776');
test(cleaned, null, undefined);
test(cleaned, 'LÈon', 'Léon');
test(cleaned, 'DÈj‡ Vu', 'Déjà Vu');
test(cleaned, 'The Naked Gun 2Ω: The Smell of Fear', 'The Naked Gun 2½: The Smell of Fear');
test(cleaned, 'Alien³', 'Alien³');
test(cleaned, 'Barbarians, The', 'The Barbarians');
test(cleaned, 'King Kong (1933)', 'King Kong');
test(cleaned, 'Halloween:  The Curse of Michael Myers', 'Halloween: The Curse of Michael Myers');

test('a year past 2011 is one of the last century', (t) => {
  t.is(releaseYear('Jun 12 1998'), 1998);
  t.is(releaseYear('Dec 15 2039'), 1939);
  t.is(releaseYear('Feb 08 2015'), 1915);
  t.true(films.every(({ year }) => year >= 1915 && year <= 2011));
  t.throws(() => releaseYear('12/15/39'), { message: /"12\/15\/39" is no release date/ });
});

test('rows of one title and year are one film, which knows what any of them does', (t) => {
  const [one, more] = rows.filter(({ Title }) => String(Title).startsWith('Fantasia 2000'));
  const both = cleanFilms([
    { ...one!, Director: null },
    { ...more!, Director: 'Don Hahn' },
  ]);
  t.is(both.length, 1);
  t.like(both[0], { title: 'Fantasia 2000', year: 2000, director: 'Don Hahn', worldwideGrossUsd: 60_507_228 });
  const nameless = { ...one!, Title: null };
  t.deepEqual(
    cleanFilms([nameless, nameless]).map(({ title }) => title),
    [untitled, untitled],
  );
});

test('every film is found by each word of its title, and by all of them', (t) => {
  const missed = films.filter(({ id, title }) => {
    const words = [...titleWords(title)];
    return (
      words.length > 0 &&
      ![...words.map((word) => [word]), words].every((these) => index.withWords(these, false).includes(id))
    );
  });
  t.deepEqual(missed, []);
  t.deepEqual(
    films.filter(({ title }) => titleWords(title).size === 0).map(({ title }) => title),
    [untitled],
  );
});

test('every film is found by its genre and its year', (t) => {
  for (const { id, genre, year } of films) {
    if (genre !== null) t.true(index.withGenre(genre).includes(id));
    t.true(index.withinYears(year, year).includes(id));
  }
});

const found = ({ words, genres = [], years }: Term) =>
  union([
    index.withWords(words, true),
    ...genres.map((genre) => index.withGenre(genre)),
    ...(years === undefined ? [] : [index.withinYears(...years)]),
  ]);

test('every film is a candidate for its own title', (t) => {
  const missed = films.filter(
    ({ id, title }) => title !== untitled && !candidates(parseQuery(title).terms.map(found)).ids.includes(id),
  );
  t.deepEqual(
    missed.map(({ title }) => title),
    [],
  );
});

test('a query says which genres and years are meant, and keeps their words', (t) => {
  const terms = (query: string) => parseQuery(query).terms;
  t.deepEqual(terms('Romantic comedies of the 90s'), [
    { words: ['romantic', 'comedies'], genres: ['Romantic Comedy'] },
    { words: ['90s'], years: [1990, 1999] },
  ]);
  t.deepEqual(terms('westerns 1975-1960'), [
    { words: ['westerns'], genres: ['Western'] },
    { words: ['1975', '1960'], years: [1960, 1975] },
  ]);
  t.deepEqual(terms('movies from 1994')[0]?.years, [1994, 1994]);
  t.deepEqual(terms("2000's"), [{ words: ['2000s'], years: [2000, 2009] }]);
  t.deepEqual(terms('the movies'), [{ words: ['the'] }, { words: ['movies'] }]);
  t.deepEqual(terms('constructor'), [{ words: ['constructor'] }]);
});

test('words have no case, accents or punctuation', (t) => {
  t.deepEqual(wordsOf("Le Fabuleux destin d'Amélie"), ['le', 'fabuleux', 'destin', 'damelie']);
  t.deepEqual(wordsOf('20,000 Leagues: Alien³ & Ri¢hie'), ['20000', 'leagues', 'alien', '3', 'richie']);
  t.deepEqual(wordsOf('…'), []);
});

test('the edit distance counts insertions, deletions, replacements and swaps', (t) => {
  t.is(editDistance('alien', 'alien'), 0);
  t.is(editDistance('alein', 'alien'), 1);
  t.is(editDistance('', 'abc'), 3);
  t.is(editDistance('kitten', 'sitting'), 3);
  t.is(editDistance('sitting', 'kitten'), 3);
});

test('a slip finds the nearest words, but none for short words and numbers', (t) => {
  t.true(index.withWords(['godfahter'], true).includes(idOf('The Godfather', 1972)!));
  t.deepEqual(index.withWords(['godfahter'], false), []);
  t.deepEqual(index.withWords(['zq'], true), []);
  t.deepEqual(index.withWords(['1777'], true), []);
  t.deepEqual(index.withWords([], true), []);
});

test('a title that is the text beats one that has it, and many votes beat few', (t) => {
  const scorer = new FilmScorer(films);
  const best = (query: string, ids: number[]) => scorer.best(parseQuery(query), ids, 10, () => {});
  const [alien, resurrection] = [idOf('Alien', 1979)!, idOf('Alien: Resurrection', 1997)!];
  t.deepEqual(
    best('alien', [resurrection, alien]).map(({ id }) => id),
    [alien, resurrection],
  );
  t.deepEqual(
    best('alien', [3200, 1]).map(({ id }) => id),
    [1, 3200],
  );
  const all = best(
    'xyz',
    films.map(({ id }) => id),
  );
  t.is(all.length, 10);
  t.true(all.every(({ score }) => score >= 0 && score <= 1));
});

test('ranking ends at the film where its caller does', (t) => {
  let checks = 0;
  const stop = () => {
    if (++checks === 3) throw new Error('enough');
  };
  t.throws(() => new FilmScorer(films).best(parseQuery('alien'), [1, 2, 3, 4], 10, stop), { message: 'enough' });
  t.is(checks, 3);
});
