// The example's own files, on free ports: two servers of the stock, and a file that says which of them is meant.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { readConfig } from '../../config/read-config.ts';
import { Shop } from '../../examples/naming/contract.ts';
import { connect, type Server } from '../../index.ts';
import { rejection } from '../spine/rejection.ts';
import { serveExample } from './serve-example.ts';

const folder = new URL('../../examples/naming/', import.meta.url);

const serve = (t: ExecutionContext, config: string, ...overrides: string[]): Promise<Server> =>
  serveExample(t, `naming/${config}`, overrides, (settings) =>
    settings.plugins.length === 0 ? settings : quick(settings),
  );

/** A test does not wait for a second. */
function quick<Settings extends { plugins: { moduleUrl: string; options: object }[] }>(settings: Settings): Settings {
  return { ...settings, plugins: settings.plugins.map((plugin) => ({ ...plugin, options: { everyMs: 10 } })) };
}

test('the file moves the calls from one server to the other, and no call fails', async (t) => {
  const own = mkdtempSync(join(tmpdir(), 'heddle-naming-'));
  t.teardown(() => rmSync(own, { recursive: true, force: true }));
  const file = join(own, 'stock.json');
  const write = (...servers: Server[]) =>
    writeFileSync(
      file,
      JSON.stringify(servers.map(({ addresses }) => ({ host: '127.0.0.1', port: addresses[0]!.port }))),
    );
  const [first, second] = [await serve(t, 'stock.yaml'), await serve(t, 'stock.yaml')];
  write(first);
  const shop = await serve(
    t,
    'heddle.yaml',
    `clients.shop.Stock.target=static-file://${file}`,
    'clients.shop.Stock.maxAttempts=1',
  );
  const { port } = shop.addresses.find(({ protocol }) => protocol === 'heddle')!;
  await using client = connect(Shop, { target: `heddle://127.0.0.1:${port}`, maxAttempts: 1 });

  let wanted = true;
  let calls = 0;
  const from: string[] = [];
  const caller = async (): Promise<void> => {
    while (wanted) {
      const answer = await client.offer({ item: 'skates' });
      t.is(answer.offer, '6 of skates');
      if (from.at(-1) !== answer.from) from.push(answer.from);
      calls++;
    }
  };
  const load = Promise.all(Array.from({ length: 16 }, caller));
  const more = async (count: number): Promise<void> => {
    const enough = calls + count;
    while (calls < enough) await Promise.race([load, new Promise((resolve) => setImmediate(resolve))]);
  };
  await more(200);
  t.is(from.length, 1, 'one server answers all');
  write(second);
  while (new Set(from).size === 1) await more(1);
  await more(200);
  t.true(await first.stop(), 'the first one has nothing left to answer');
  await more(200);
  writeFileSync(file, '[{ "host": "127.0');
  await more(200);
  wanted = false;
  await load;
  t.is(new Set(from).size, 2);

  write();
  const refused = async () => (await rejection(client.offer({ item: 'skates' }))).message;
  let message = '';
  for (const endMs = performance.now() + 20_000; performance.now() < endMs && !message.includes('gives no address'); ) {
    message = await client.offer({ item: 'skates' }).then(
      () => '',
      (error: Error) => error.message,
    );
  }
  t.is(message, `shop.Stock/count found no connection: naming static-file gives no address for static-file://${file}`);
  t.true(readFileSync(new URL('README.md', folder), 'utf8').includes(message.replace(file, 'stock.json')));
  t.is(await refused(), message);
  write(second);
  while ((await client.offer({ item: 'skates' }).catch(() => undefined)) === undefined);
  t.pass();
});

test('the shop starts from its own file, and finds the address that stands there', async (t) => {
  const { settings, problems } = readConfig({ file: fileURLToPath(new URL('heddle.yaml', folder)), environment: {} });
  t.deepEqual(problems, []);
  t.deepEqual(settings!.clients[0]!.naming, { scheme: 'static-file', text: 'stock.json' });
  const shop = await serve(t, 'heddle.yaml', 'clients.shop.Stock.timeout=1s');
  const { port } = shop.addresses.find(({ protocol }) => protocol === 'heddle')!;
  await using client = connect(Shop, { target: `heddle://127.0.0.1:${port}`, maxAttempts: 1 });
  const [{ port: written }] = JSON.parse(readFileSync(new URL('stock.json', folder), 'utf8'));
  t.regex((await rejection(client.offer({ item: 'x' }))).message, new RegExp(`127\\.0\\.0\\.1:${written}`));
});
