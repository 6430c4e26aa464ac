// The example's own files, on free ports: each of its filters does what its README says.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { explainService } from '../../config/explain-service.ts';
import { readConfig } from '../../config/read-config.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { serveExample } from './serve-example.ts';

const folder = new URL('../../examples/filters/', import.meta.url);
const file = fileURLToPath(new URL('heddle.yaml', folder));

test('the example refuses, answers by itself, repeats and takes the time', async (t) => {
  const server = await serveExample(t, 'filters/heddle.yaml');
  const ask = async (token: string, symbol: string) => {
    const answer = await fetch(`http://127.0.0.1:${server.addresses[0]!.port}/demo.Prices/quote?symbol=${symbol}`, {
      headers: { 'heddle-meta-token': token },
    });
    return {
      status: answer.status,
      tookMs: Number(answer.headers.get('heddle-meta-took-ms')),
      body: await answer.json(),
    };
  };
  const refused = await ask('t-eve', 'ACME');
  t.is(refused.status, 401);
  t.regex(JSON.stringify(refused.body), /send a token that we know/);
  const first = await ask('t-ada', 'ACME');
  t.deepEqual(first.body, { price: 100.01, user: 'Ada' }, 'the second call of the exchange');
  t.true(first.tookMs > 0);
  t.deepEqual((await ask('t-grace', 'ACME')).body, { price: 100.01, user: 'Grace' }, 'from the cache');
  t.deepEqual((await ask('t-ada', 'OTHER')).body, { price: 100.02, user: 'Ada' });
});

test('the README shows what --explain says', (t) => {
  const config = readConfig({ file, environment: {} });
  if (config.settings === undefined) return t.fail(formatProblems(config.problems));
  const explained = explainService(config, 'demo.Prices').replaceAll(
    fileURLToPath(new URL('../../', import.meta.url)),
    '',
  );
  const shown = /^ {2}filters around its requests.*\n(?: {4}\d\. .*\n)+/m.exec(
    readFileSync(new URL('README.md', folder), 'utf8'),
  );
  t.true(explained.includes(shown![0]), explained);
});
