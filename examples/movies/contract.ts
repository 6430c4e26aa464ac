// The contracts of the film search: what its five services take and answer. Services and callers import this module and
// nothing else of each other; the types of handlers and calls follow from the schemas.

import { avro, method, service } from 'heddle';

const ids = { type: 'array', items: 'int' } as const;

/** A film as the catalog knows it; null is what its source does not say. Ids go by fame: film 1 is the best known. */
const film = {
  type: 'record',
  name: 'movies.Film',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'title', type: 'string' },
    { name: 'year', type: 'int' },
    { name: 'genre', type: ['null', 'string'] },
    { name: 'director', type: ['null', 'string'] },
    { name: 'distributor', type: ['null', 'string'] },
    { name: 'audience', type: ['null', 'string'], doc: 'G, PG, PG-13, R, NC-17 …' },
    { name: 'runningTimeMin', type: ['null', 'int'] },
    { name: 'worldwideGrossUsd', type: ['null', 'long'] },
    { name: 'rating', type: ['null', 'double'], doc: '1 to 10' },
    { name: 'votes', type: ['null', 'int'] },
    { name: 'critics', type: ['null', 'int'], doc: 'percent' },
  ],
} as const;

/** What is known of films. */
export const Catalog = service('movies.Catalog', {
  /** NOT_FOUND when there is no film of this id. */
  get: method(avro({ type: 'record', name: 'movies.GetRequest', fields: [{ name: 'id', type: 'int' }] }, film), {
    reads: true,
    example: { id: 1 },
  }),
  /** Films in the order of the request's ids; ids that no film has come back apart. At most 1000 ids: INVALID_ARGUMENT. */
  getMany: method(
    avro(
      { type: 'record', name: 'movies.GetManyRequest', fields: [{ name: 'ids', type: ids }] },
      {
        type: 'record',
        name: 'movies.GetManyResponse',
        fields: [
          { name: 'films', type: { type: 'array', items: film } },
          { name: 'unknown', type: ids },
        ],
      },
    ),
    { reads: true, example: { ids: [1, 2, 3] } },
  ),
});

const found = { type: 'record', name: 'movies.Found', fields: [{ name: 'ids', type: ids }] } as const;

/** Which films there are: ids, best known first. */
export const Recall = service('movies.Recall', {
  /** Films whose titles have all the words. With `near`, a word that no title has stands for its nearest spellings. */
  byWords: method(
    avro(
      {
        type: 'record',
        name: 'movies.ByWordsRequest',
        fields: [
          { name: 'words', type: { type: 'array', items: 'string' } },
          { name: 'near', type: 'boolean', default: false },
        ],
      },
      found,
    ),
    { reads: true, example: { words: ['star', 'wars'] } },
  ),
  /** Films of any of the genres. INVALID_ARGUMENT names the genres there are. */
  byGenre: method(
    avro(
      {
        type: 'record',
        name: 'movies.ByGenreRequest',
        fields: [{ name: 'genres', type: { type: 'array', items: 'string' } }],
      },
      found,
    ),
    { reads: true, example: { genres: ['Western', 'Musical'] } },
  ),
  /** Films of the years `from` to `to`, both included. */
  byYears: method(
    avro(
      {
        type: 'record',
        name: 'movies.ByYearsRequest',
        fields: [
          { name: 'from', type: 'int' },
          { name: 'to', type: 'int' },
        ],
      },
      found,
    ),
    { reads: true, example: { from: 1939, to: 1941 } },
  ),
  /** Films of directors whose names have all the words. */
  byDirector: method(
    avro(
      {
        type: 'record',
        name: 'movies.ByDirectorRequest',
        fields: [{ name: 'words', type: { type: 'array', items: 'string' } }],
      },
      found,
    ),
    { reads: true, example: { words: ['hitchcock'] } },
  ),
});

/** Who searches. */
export const Viewers = service('movies.Viewers', {
  /** What a viewer likes; of one that nobody knows, nothing. */
  taste: method(
    avro(
      { type: 'record', name: 'movies.TasteRequest', fields: [{ name: 'viewer', type: 'string' }] },
      {
        type: 'record',
        name: 'movies.TasteResponse',
        fields: [{ name: 'genres', type: { type: 'array', items: 'string' } }],
      },
    ),
    { reads: true, example: { viewer: 'ada' } },
  ),
});

/** Which films answer a text best. */
export const Rank = service('movies.Rank', {
  /**
   * The best `limit` of at most 1000 films, best first, each with a score from 0 to 1. Films of the `liked` genres have
   * `likedBonus` more.
   */
  score: method(
    avro(
      {
        type: 'record',
        name: 'movies.ScoreRequest',
        fields: [
          { name: 'text', type: 'string' },
          { name: 'ids', type: ids },
          { name: 'limit', type: 'int', default: 10 },
          { name: 'liked', type: { type: 'array', items: 'string' }, default: [] },
          { name: 'likedBonus', type: 'double', default: 0 },
        ],
      },
      {
        type: 'record',
        name: 'movies.ScoreResponse',
        fields: [
          {
            name: 'films',
            type: {
              type: 'array',
              items: {
                type: 'record',
                name: 'movies.ScoredFilm',
                fields: [
                  { name: 'id', type: 'int' },
                  { name: 'score', type: 'double' },
                ],
              },
            },
          },
        ],
      },
    ),
    { reads: true, example: { text: 'alien', ids: [1, 2, 3] } },
  ),
});

/** Films for a text. */
export const Search = service('movies.Search', {
  /**
   * `text` has words of a title, genres and years: `alien`, `comedy 1990s`, `western 1960-1975`. `limit` is 1 to 100.
   * `found` counts the films before the limit. `ranked: false`: ranking was too busy or too slow, so the best known come
   * first and there are no scores. With a `viewer`, films that suit this one's taste come earlier.
   */
  search: method(
    avro(
      {
        type: 'record',
        name: 'movies.SearchRequest',
        fields: [
          { name: 'text', type: 'string' },
          { name: 'limit', type: 'int', default: 10 },
          { name: 'viewer', type: ['null', 'string'], default: null },
        ],
      },
      {
        type: 'record',
        name: 'movies.SearchResponse',
        fields: [
          {
            name: 'films',
            type: {
              type: 'array',
              items: {
                type: 'record',
                name: 'movies.FoundFilm',
                fields: [
                  { name: 'id', type: 'int' },
                  { name: 'title', type: 'string' },
                  { name: 'year', type: 'int' },
                  { name: 'genre', type: ['null', 'string'] },
                  { name: 'director', type: ['null', 'string'] },
                  { name: 'rating', type: ['null', 'double'] },
                  { name: 'score', type: ['null', 'double'] },
                ],
              },
            },
          },
          { name: 'found', type: 'int' },
          { name: 'ranked', type: 'boolean' },
        ],
      },
    ),
    { reads: true, example: { text: 'comedy 1990s', limit: 3 } },
  ),
});
