import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { films as allFilms } from '../../examples/movies/films/load.ts';
import { type ErrorCode, HeddleError } from '../../index.ts';
import { filmServer, services } from './film-server.ts';

type Films = Awaited<ReturnType<typeof filmServer>>;

const byNumber = (a: number, b: number) => a - b;

let films: Films;
test.before(async () => {
  films = await filmServer();
});
test.after.always(async () => {
  await films?.[Symbol.asyncDispose]();
});

async function titles(text: string, limit = 10): Promise<string[]> {
  const reply = await films.search.search({ text, limit });
  return reply.films.map(({ title, year }) => `${title} ${year}`);
}

const first = test.macro({
  exec: async (t, text: string, expected: string) => t.is((await titles(text))[0], expected),
  title: (_, text, expected) => `"${text}" finds ${expected} first`,
});

test(first, 'alien', 'Alien 1979');
test(first, 'ALEIN', 'Alien 1979');
test(first, 'the godfather', 'The Godfather 1972');
test(first, '300', '300 2007');
test(first, '1776', '1776 1972');
test(first, '1941', '1941 1979');
test(first, 'leon', 'Léon 1994');
test(first, 'naked gun 2 1/2', 'The Naked Gun 2½: The Smell of Fear 1991');
test(first, '20,000 leagues 1910s', '20,000 Leagues Under the Sea 1916');
test(first, 'gone with the wind 1939', 'Gone with the Wind 1939');
test(first, 'king kong 1976', 'King Kong 1976');

test('a genre and a decade find all films of both', async (t) => {
  const { films: found } = await films.search.search({ text: 'horror 1980s', limit: 100 });
  const expected = allFilms.filter(({ title, year, genre }) => {
    return (genre === 'Horror' || /horror/i.test(title)) && year >= 1980 && year <= 1989;
  });
  t.true(expected.length > 40);
  t.deepEqual(found.map(({ id }) => id).toSorted(byNumber), expected.map(({ id }) => id).toSorted(byNumber));
});

test('what no film has altogether finds films that have a part of it', async (t) => {
  t.true((await titles('godfather zzzzzz')).includes('The Godfather 1972'));
  t.deepEqual(await titles('zzzzzz'), []);
});

test('a film that the file has twice is found once', async (t) => {
  t.deepEqual(await titles('fantasia'), ['Fantasia 1940', 'Fantasia 2000 2000']);
});

test('scores fall and stay between 0 and 1, and the limit cuts', async (t) => {
  const { films: found, found: count, ranked } = await films.search.search({ text: 'man', limit: 7 });
  t.is(found.length, 7);
  t.true(ranked && count > 7);
  const scores = found.map(({ score }) => score ?? Number.NaN);
  t.deepEqual(
    scores,
    scores.toSorted((a, b) => b - a),
  );
  t.true(scores.every((score) => score >= 0 && score <= 1));
});

test('what the source does not say is null, in Avro and in JSON', async (t) => {
  const { ids } = await films.recall.byWords({ words: ['land', 'girls'] });
  const film = await films.catalog.get({ id: ids[0]! });
  t.like(film, { title: 'The Land Girls', year: 1998, genre: null, director: null, runningTimeMin: null, votes: 1071 });
  const asJson = await fetch(`${films.http}/movies.Catalog/get?id=${film.id}`);
  t.deepEqual(await asJson.json(), film);
});

test('a batch keeps the order that was asked for and names the ids that no film has', async (t) => {
  const { films: some, unknown } = await films.catalog.getMany({ ids: [3200, 5, 99_999, 1, 5, 0, -1] });
  t.deepEqual(
    some.map(({ id }) => id),
    [3200, 5, 1, 5],
  );
  t.deepEqual(unknown, [99_999, 0, -1]);
});

test('http answers GET and POST as heddle does', async (t) => {
  const own = await films.search.search({ text: 'comedy 1990s', limit: 3 });
  const get = await fetch(`${films.http}/movies.Search/search?text=comedy+1990s&limit=3`);
  t.is(get.status, 200);
  t.deepEqual(await get.json(), own);
  const post = await fetch(`${films.http}/movies.Search/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"text":"comedy 1990s","limit":3}',
  });
  t.deepEqual(await post.json(), own);
});

const refused = test.macro({
  exec: async (t, call: (on: Films) => Promise<unknown>, code: ErrorCode, sentence: RegExp) => {
    const error = await t.throwsAsync(call(films), { instanceOf: HeddleError, message: sentence });
    t.is(error?.code, code);
  },
  title: (what) => `${what} is refused with a sentence`,
});

test('an empty text', refused, (on) => on.search.search({ text: ' ' }), 'INVALID_ARGUMENT', /no words; say what/);
test('a long text', refused, (on) => on.search.search({ text: 'x'.repeat(201) }), 'INVALID_ARGUMENT', /201 characters/);
test(
  'a text of many terms',
  refused,
  (on) => on.search.search({ text: '1 '.repeat(17) }),
  'INVALID_ARGUMENT',
  /17 terms/,
);
test('limit 0', refused, (on) => on.search.search({ text: 'alien', limit: 0 }), 'INVALID_ARGUMENT', /from 1 to 100/);
test('limit 101', refused, (on) => on.search.search({ text: 'alien', limit: 101 }), 'INVALID_ARGUMENT', /limit is 101/);
test(
  'an unknown film',
  refused,
  (on) => on.catalog.get({ id: 3201 }),
  'NOT_FOUND',
  /no film 3201; ids go from 1 to 3200/,
);
test(
  'a batch too large',
  refused,
  (on) => on.catalog.getMany({ ids: Array(1001).fill(1) }),
  'INVALID_ARGUMENT',
  /1001 ids/,
);
test(
  'an unknown genre',
  refused,
  (on) => on.recall.byGenre({ genres: ['Noir'] }),
  'INVALID_ARGUMENT',
  /there are Action,/,
);
test(
  'years the wrong way',
  refused,
  (on) => on.recall.byYears({ from: 1999, to: 1990 }),
  'INVALID_ARGUMENT',
  /swap them/,
);
test(
  'ranking an unknown film',
  refused,
  (on) => on.rank.score({ text: 'x', ids: [0] }),
  'INVALID_ARGUMENT',
  /no film 0/,
);

test('while ranking is full, the best known films come first, and the reply says so', async (t) => {
  const busy = fileURLToPath(new URL('./busy-rank.ts', import.meta.url));
  await using server = await filmServer([`services["movies.Rank"].module=${JSON.stringify(busy)}`]);
  const { films: found, ranked } = await server.search.search({ text: 'comedy 1990s', limit: 5 });
  t.false(ranked);
  const ids = found.map(({ id }) => id);
  t.deepEqual(ids, ids.toSorted(byNumber));
  t.deepEqual(
    found.map(({ score }) => score),
    [null, null, null, null, null],
  );
});

test("a viewer's taste brings films forward, and the reply says which experiments and which path it took", async (t) => {
  const of = async (viewer: string) => {
    const answer = await fetch(`${films.http}/movies.Search/search?text=1990s&limit=100${viewer}`);
    const { films: found } = (await answer.json()) as { films: { genre: string | null }[] };
    const liked = found.filter(({ genre }) => genre === 'Horror' || genre === 'Thriller/Suspense').length;
    return { liked, headers: answer.headers };
  };
  const nobody = await of('');
  let ada = await of('&viewer=ada');
  // On a busy machine the first ones may find no connection within the time that a taste is worth.
  for (let tries = 0; tries < 50 && ada.headers.has('heddle-meta-strategy-degraded'); tries++)
    ada = await of('&viewer=ada');
  t.true(ada.liked > nobody.liked, `${ada.liked} > ${nobody.liked}`);
  t.is(nobody.headers.get('heddle-meta-strategy-experiments'), null);
  t.regex(ada.headers.get('heddle-meta-strategy-experiments') ?? '', /ranking\/more-taste=more/);
  t.is(ada.headers.get('heddle-meta-strategy-degraded'), null);
  t.regex(ada.headers.get('heddle-meta-strategy-path') ?? '', /> rank .* > films .*> shown /);
});

test('without its viewers a search goes on, and says so', async (t) => {
  await using server = await filmServer(['clients["movies.Viewers"].target=heddle://127.0.0.1:1']);
  const answer = await fetch(`${server.http}/movies.Search/search?text=alien&viewer=ada`);
  t.regex(await answer.text(), /"title":"Alien".*"ranked":true/);
  t.is(answer.headers.get('heddle-meta-strategy-degraded'), 'taste: value');
});

test('own pools, one pool for all, and the IO threads give the same answers', async (t) => {
  const queries = [
    ...['alien', 'alein', 'comedy 1990s', '1776', '1941', 'star wars', 'the', 'horror', 'western 1960-1975', 'man'],
    ...[
      'romantic comedy 2005',
      'drama',
      '',
      'fantasia 2000',
      'zzzzzz',
      'leon',
      '90s action',
      'love',
      '2046',
      'king of',
    ],
  ];
  const answers = (on: Films) =>
    Promise.all(
      queries.map((text) =>
        on.search.search({ text, limit: 100 }).catch(({ code, message }: HeddleError) => ({ code, message })),
      ),
    );
  const expected = await answers(films);
  for (const pool of ['lookup', 'io']) {
    await using server = await filmServer(services.map((name) => `services["${name}"].pool=${pool}`));
    t.deepEqual(await answers(server), expected, pool);
  }
});

test('a second process calls the search with the contract alone', async (t) => {
  const client = fileURLToPath(new URL('../../examples/movies/client.ts', import.meta.url));
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [client, 'alien', films.target]);
  t.regex(stdout, /^0\.95\s+1979 {2}Alien +Horror +Ridley Scott\n/);
  t.regex(stdout, /\n7 of 7 films\n$/);
  const failed = await t.throwsAsync<Error & { code?: number; stderr?: string }>(
    run(process.execPath, [client, '?', films.target]),
  );
  t.is(failed?.code, 1);
  t.regex(failed?.stderr ?? '', /^INVALID_ARGUMENT: .*text has no words/);
});
