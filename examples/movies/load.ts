// Many searches, evenly spread, until Ctrl-C: something to see in the status of `npm start`, in `heddle top` and in the
// admin's pictures.
//
//     npx node examples/movies/load.ts [searches a second: 100] [heddle://127.0.0.1:7000]

import { connect } from 'heddle';
import { Search } from './contract.ts';

const [perSecond = '100', target = 'heddle://127.0.0.1:7000'] = process.argv.slice(2);
const texts = ['alien', 'comedy 1990s', 'the godfather', 'western 1960-1975', 'ridley scott', 'romantic comedy', 'man'];
const viewers = [null, 'ada', 'grace', 'linus', ...Array.from({ length: 96 }, (_, number) => `viewer-${number}`)];

const client = connect(Search, { target, timeoutMs: 2_000, maxInFlight: 1_000 });
let sent = 0;
const failed = new Map<string, number>();

function search(): void {
  const text = texts[sent % texts.length]!;
  const viewer = viewers[sent % viewers.length]!;
  sent++;
  client.search({ text, viewer }).catch(({ code }) => failed.set(code, (failed.get(code) ?? 0) + 1));
}

const startMs = performance.now();
setInterval(() => {
  const due = ((performance.now() - startMs) / 1000) * Number(perSecond);
  while (sent < due) search();
}, 10);
process.once('SIGINT', () => {
  const codes = [...failed].map(([code, count]) => `${count} ${code}`).join(', ');
  console.log(`${sent} searches${codes === '' ? '' : `, failed: ${codes}`}`);
  process.exit();
});
