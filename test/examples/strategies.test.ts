// The strategies of the examples: nothing is wrong with them, their own tests pass, and a server runs them.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { readConfig } from '../../config/read-config.ts';
import { type LoadedStrategies, loadStrategies } from '../../dag/load/load-strategies.ts';
import { runInlineTests } from '../../dag/simulate/inline-tests.ts';
import { formatProblems } from '../../document/format-problems.ts';
import { Server, type Settings } from '../../index.ts';

const examples = new URL('../../examples/', import.meta.url);
const folder = new URL('strategies/', examples);
const files = readdirSync(folder).filter((name) => /^[a-z]+-[a-z-]+\.(yaml|ts)$/.test(name));

function settingsOf(example: string, overrides: string[] = []): Settings {
  const file = fileURLToPath(new URL(`${example}/heddle.yaml`, examples));
  const { settings, problems } = readConfig({ file, overrides, environment: {} });
  if (settings === undefined) throw new Error(formatProblems(problems));
  return settings;
}

async function loaded(example: string): Promise<LoadedStrategies> {
  const { strategies, pools } = settingsOf(example);
  return loadStrategies(strategies.sources, { pools: new Set([...pools.map(({ name }) => name), 'io']) });
}

for (const example of ['strategies', 'movies']) {
  test(`nothing is wrong with the strategies of examples/${example}, and their own tests pass`, async (t) => {
    const { definitions, problems, known } = await loaded(example);
    t.is(formatProblems(problems), '');
    for (const definition of definitions) {
      t.true(definition.tests.length > 0, `${definition.name} has tests`);
      for (const { name, passed, problems: found } of runInlineTests(definition, known[definition.name])) {
        t.true(passed, `${definition.name}: ${name}: ${found.join('; ')}`);
      }
    }
  });
}

test('each file has one idea, says it in 3 to 5 lines, and stands in the README', async (t) => {
  const readme = readFileSync(new URL('README.md', folder), 'utf8');
  const { definitions } = await loaded('strategies');
  t.is(definitions.length, files.length);
  for (const file of files) {
    t.true(readme.includes(`| [${file}](${file}) |`), file);
    const text = readFileSync(new URL(file, folder), 'utf8');
    const lines = file.endsWith('.ts') ? /^(\/\/ .*\n)+/.exec(text) : /(?<=^#\n)(# .*\n)+/m.exec(text);
    const count = lines?.[0].trim().split('\n').length ?? 0;
    t.true(count >= 3 && count <= 5, `${file} has ${count} lines of comment`);
  }
});

test('a server runs them all, and a reply says what stood in for what', async (t) => {
  const server = new Server(
    settingsOf('strategies', [
      'services["demo.Strategies"].listen=["http://127.0.0.1:0"]',
      'admin.address=none',
      'log.level=silent',
    ]),
  );
  t.teardown(() => server.stop());
  await server.start();
  const url = `http://127.0.0.1:${server.addresses[0]!.port}/demo.Strategies`;
  const page = await fetch(`${url}/page?id=kettle`);
  t.deepEqual(await page.json(), { name: 'Kettle', cents: 4900, stars: 4.4 });
  const run = async (strategy: string, request: Record<string, unknown>) => {
    const body = JSON.stringify({ strategy, request });
    const answer = await fetch(`${url}/run`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    const degraded = answer.headers.get('heddle-meta-strategy-degraded');
    return { status: answer.status, answer: await answer.json(), degraded };
  };
  // On a busy machine a node may run out of the few milliseconds that it has.
  const gives = async (strategy: string, request: Record<string, unknown>, answer: unknown, degraded = '') => {
    const expected = { status: 200, answer, degraded: degraded === '' ? null : degraded };
    let found = await run(strategy, request);
    for (let tries = 0; tries < 50 && !isDeepStrictEqual(found, expected); tries++)
      found = await run(strategy, request);
    t.deepEqual(found, expected, strategy);
  };
  await gives('shop.with-similar', { id: 'mug' }, { name: 'Mug', similar: [] });
  await gives('shop.price', { id: 'teapot' }, { cents: 1600 }, 'price: node listPrice');
  await gives('shop.reviews', { id: 'sofa' }, { stars: null, count: 0 }, 'reviews: value');
  await gives('shop.product', { id: 'mug' }, { id: 'mug', name: 'Mug', brand: 'Clay & Co' });
  await gives('shop.cities', { id: 'kettle', cities: ['Berlin', 'Lyon'] }, { cities: ['Berlin', 'Lyon'], total: 6 });
  await gives('shop.member-price', { id: 'kettle', member: true }, { cents: 4410 });
  await gives('shop.ranked', { id: 'kettle' }, { ids: ['teapot'] });
  await gives('shop.degraded', { id: 'kettle' }, { name: 'Kettle', similar: ['teapot'] });
  await gives('shop.experiments', { id: 'kettle', customer: 'tester' }, { title: 'KETTLE', similar: ['teapot'] });
  const [left, right] = [
    { name: 'Kettle', cents: 4900, stars: 4.4 },
    { name: 'Mug', cents: 900, stars: 3.9 },
  ];
  await gives('shop.compare', { left: 'kettle', right: 'mug' }, { left, right, cheaper: 'mug' });
  await gives('shop.brand', { id: 'teapot' }, { title: 'Hearth Teapot', cents: 4000 }, 'price: node rounded');
  t.is((await run('shop.stock', { id: 'kettle' })).status, 200);
  t.is((await run('shop.readability', { title: 'Kettle', text: 'It boils.' })).status, 200);
  t.is((await run('shop.sofa', { id: 'sofa' })).status, 404);
  t.is((await run('shop.page', { id: 'sofa' })).status, 404);
});
