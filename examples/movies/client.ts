// A caller of its own: a second process, of which this folder's contract.ts is all that it shares with the services.
//
//     npx node examples/movies/client.ts "alien" [heddle://127.0.0.1:7000]

import { connect, HeddleError } from 'heddle';
import { Search } from './contract.ts';

const [text = 'comedy 1990s', target = 'heddle://127.0.0.1:7000'] = process.argv.slice(2);

// It keeps the process alive for as long as a call is in flight, and no longer.
const client = connect(Search, { target, timeoutMs: 2_000 });
try {
  const { films, found, ranked } = await client.search({ text });
  for (const { title, year, genre, director, score } of films) {
    const place = score === null ? '' : score.toFixed(2);
    console.log(
      `${place.padEnd(5)} ${year}  ${title.padEnd(44)} ${(genre ?? '').padEnd(18)} ${director ?? ''}`.trimEnd(),
    );
  }
  console.log(`${films.length} of ${found} films${ranked ? '' : ', not ranked: too much to do'}`);
} catch (reason) {
  const error = HeddleError.from(reason);
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
