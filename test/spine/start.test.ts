// A start that can't succeed says why, names the file, and leaves nothing behind: no thread, no port, no handle; the next
// start in the same process may succeed.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { rejection } from './rejection.ts';
import { Probe } from './services/contracts.ts';
import { startSpine } from './spine.ts';

const folder = mkdtempSync(join(tmpdir(), 'heddle-spine-'));
const root = new URL('../../', import.meta.url).href;

/** A service module of a few lines. */
function module(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const contract = (name: string): string => `
import { implement } from '${root}net/service/implement.ts';
import { bytes } from '${root}net/codec/bytes-codec.ts';
import { method, service } from '${root}net/service/contract.ts';
const Contract = service('${name}', { one: method(bytes()), two: method(bytes()) });
`;

const broken: [name: string, file: string, reason: RegExp][] = [
  ['test.Throws', module('throws.mjs', "throw new Error('no such table');"), /it does not load: Error: no such table/],
  ['test.Syntax', module('syntax.mjs', 'export default {'), /it does not load: SyntaxError/],
  ['test.Imports', module('imports.mjs', "import 'not-installed';"), /it does not load: .*not-installed/],
  ['test.Nothing', module('nothing.mjs', 'export const x = 1;'), /it has no default export/],
  ['test.Else', module('else.mjs', 'export default {};'), /was not made by implement\(\)/],
  [
    'test.Lacks',
    module('lacks.mjs', `${contract('test.Lacks')}export default implement(Contract, { one: (body) => body });`),
    /test\.Lacks lacks a handler for its method two/,
  ],
  [
    'test.Another',
    module(
      'other.mjs',
      `${contract('test.Other')}export default implement(Contract, { one: (b) => b, two: (b) => b });`,
    ),
    /it implements test\.Other, but the config calls it test\.Another/,
  ],
];

const yaml = (file: string, pool: string, port = 0): string => `
io: { threads: 1 }
services:
  test.Probe: { module: ./probe.ts, pool: { threads: 2 }, listen: ["heddle://127.0.0.1:${port}"] }
${file === '' ? '' : `  test.Throws: { module: ${file}, pool: ${pool}, listen: ["http://127.0.0.1:0"] }`}
`;

for (const pool of ['broken', 'io']) {
  test.serial(`modules that are wrong fail the start, each with its file and the reason: pool ${pool}`, async (t) => {
    const services = broken.map(([name, file]) => `  ${name}: { module: ${file}, pool: ${pool} }`);
    const error = await rejection(
      startSpine(`
io: { threads: 1 }
pools: { broken: { threads: 2 } }
services:
  test.Probe: { module: ./probe.ts, pool: { threads: 1 } }
${services.join('\n')}
`),
    );
    t.is(error.code, 'FAILED_PRECONDITION');
    const lines = error.message.split('\n');
    t.is(lines.length, broken.length, error.message);
    for (const [index, [name, file, reason]] of broken.entries()) {
      t.true(lines[index]!.startsWith(`${file}: `), `${name}: ${lines[index]}`);
      t.regex(lines[index]!, reason, name);
    }
  });
}

test.serial('a start that fails leaves nothing running, and the next one may succeed', async (t) => {
  const port = await freePort();
  // What loading the first server's modules opens once is not its to close.
  await (await startSpine(yaml('', '', port)))[Symbol.asyncDispose]();
  const before = resources();
  for (const pool of ['{ threads: 2 }', 'io']) {
    await rejection(startSpine(yaml(broken[0]![1], pool, port)));
    t.deepEqual(await resourcesLike(before), before);
  }
  // The other service's modules were good, so its port must be free again, too.
  const taken = createServer();
  await new Promise<void>((resolve) => {
    taken.listen({ host: '127.0.0.1', port }, resolve);
  });
  const inUse = await rejection(startSpine(yaml('', '', port)));
  t.is(inUse.code, 'FAILED_PRECONDITION');
  t.regex(inUse.message, new RegExp(`cannot listen on heddle://127.0.0.1:${port}: the address is in use`));
  await new Promise((resolve) => {
    taken.close(resolve);
  });
  t.deepEqual(await resourcesLike(before), before);
  const spine = await startSpine(yaml('', '', port));
  t.deepEqual(await spine.client(Probe).greet({ name: 'x' }), { text: 'hello x' });
  await spine[Symbol.asyncDispose]();
  t.deepEqual(await resourcesLike(before), before);
});

/** What keeps this process alive, by kind; without the test runner's own timers. */
function resources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => !/Timeout|Immediate|PipeWrap|TTYWrap|FSReq/.test(kind))
    .sort();
}

/** What is active, once it is as before, or after 3 s. */
async function resourcesLike(before: string[]): Promise<string[]> {
  const endMs = performance.now() + 3000;
  while (performance.now() < endMs && resources().join() !== before.join()) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return resources();
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
