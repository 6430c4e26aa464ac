// docs/fibers.md is true: each snippet with an outcome above it is run as the body of a fiber.

import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import test from 'ava';
import { HeddleError } from '../../../runtime/errors.ts';
import { Channel } from '../../../runtime/fiber/channel.ts';
import type { FiberExit } from '../../../runtime/fiber/context.ts';
import { fiberLocal } from '../../../runtime/fiber/fiber-local.ts';
import { Mutex } from '../../../runtime/fiber/mutex.ts';
import { FiberRig } from '../../helpers/fiber-rig.ts';

const page = readFileSync(new URL('../../../docs/fibers.md', import.meta.url), 'utf8');
const snippets = [...page.matchAll(/<!-- outcome: (.+) -->\n```ts\n([\s\S]+?)```/g)];

const method = (name: string) => ({ service: 'movies', method: name });
const names = {
  HeddleError,
  Channel,
  Mutex,
  fiberLocal,
  Catalog: { get: method('get') },
  Mirror: { get: method('get') },
  console: { log: () => {} },
};

function describe(exit: FiberExit<unknown>): string {
  if (exit.how !== 'returned') return `${exit.how} ${exit.error.code}`;
  return `returned ${typeof exit.value === 'string' ? exit.value : JSON.stringify(exit.value)}`;
}

test('has snippets to run', (t) => t.true(snippets.length >= 8));

for (const [, outcome = '', code = ''] of snippets) {
  test(`docs/fibers.md: ${code.split('\n')[0]}`, async (t) => {
    const body = stripTypeScriptTypes(`async function body(fiber) {\n${code}\n}`);
    const run = new Function(...Object.keys(names), `${body}\nreturn body;`)(...Object.values(names));
    const down = () => Promise.reject(new HeddleError('UNAVAILABLE', 'no such peer'));
    t.is(describe(await new FiberRig().outcome(run, { calls: { call: down } })), outcome);
  });
}
