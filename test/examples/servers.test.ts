// The examples with a client of their own: each server from its own config on free ports, its client as users run it, and
// the output that its README shows.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { heddle } from '../cli/heddle.ts';
import { portOf, serveExample } from './serve-example.ts';

const folder = (name: string) => new URL(`../../examples/${name}/`, import.meta.url);

/** What the client prints against the server's listener of that protocol. */
async function run(
  t: ExecutionContext,
  name: string,
  client: string,
  protocol: string,
  ...args: string[]
): Promise<string> {
  const server = await serveExample(t, `${name}/heddle.yaml`);
  const port = portOf(server, protocol);
  const script = fileURLToPath(new URL(client, folder(name)));
  const { code, stdout, stderr } = await heddle([`${protocol}://127.0.0.1:${port}`, ...args], { script });
  t.is(code, 0, stderr);
  return stdout;
}

/** What the README shows below this line of its console. */
function shown(name: string, command: string): string {
  const readme = readFileSync(new URL('README.md', folder(name)), 'utf8');
  const after = readme.slice(readme.indexOf(`$ ${command}\n`) + command.length + 3);
  return after.slice(0, after.search(/^(\$|```)/m));
}

for (const [name, client, protocol] of [
  ['echo', 'client.ts', 'heddle'],
  ['greeter', 'client.ts', 'heddle'],
  ['http', 'client.ts', 'http'],
] as const) {
  test(`${name}: its client prints what the README shows`, async (t) => {
    t.is(await run(t, name, client, protocol), shown(name, `npx node examples/${name}/${client}`));
  });
}

test('parallel: both ways count the same, on two threads', async (t) => {
  t.is(
    await run(t, 'parallel', 'bench.ts', 'http', '200000'),
    'spread: 17984 primes on 2 threads\ngraph: 17984 primes on 2 threads\n',
  );
});
