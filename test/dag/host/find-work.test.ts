// findFunction, findMethod and loadBodies: every wrong kind of module and export has its sentence.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { findFunction, findMethod } from '../../../dag/host/find-work.ts';
import { loadBodies } from '../../../dag/host/load-bodies.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { folderOf, heddleIndex } from '../load/folder.ts';
import { definitionsOf } from './world.ts';

/** Modules in a folder of their own find no packages. */
const zod = JSON.stringify(import.meta.resolve('zod'));

const modules = {
  'work.ts': `
export const run = (input) => input;
export const task = { run: (input) => [input] };
export const number = 7;
export const nothing = null;
export const list = [() => 1];
export const object = { run: 7 };
export let missing;
`,
  'empty.ts': 'export {};\n',
  'broken.ts': 'export const run = (;\n',
  'throws.ts': "throw new Error('on purpose');\n",
  'imports.ts': "import './gone.ts';\n",
  'contract.ts': `
import { json, method, service } from ${heddleIndex};
import { z } from ${zod};
const form = json(z.object({}), z.object({}));
export const Users = service('test.Users', { get: method(form, { reads: true }), put: method(form) });
export const number = 7;
export const nothing = null;
`,
  'program.ts': `
import { strategy } from ${heddleIndex};
export const feed = strategy('feed', { nodes: { a: { run: (input) => input } }, output: 'a' });
`,
};

test('a function is a function, or what task() makes; all else has its sentence', async (t) => {
  const { path } = folderOf(t, modules);
  const find = async (name: string): Promise<string> => {
    const [file, exportName] = name.split('#') as [string, string];
    const moduleUrl = pathToFileURL(join(path, file)).href;
    try {
      return typeof (await findFunction({ kind: 'run', moduleUrl, exportName }));
    } catch (reason) {
      const { code, message } = HeddleError.from(reason);
      return `${code} ${message.replaceAll(path, '/srv')}`;
    }
  };
  t.is(await find('work.ts#run'), 'function');
  t.is(await find('work.ts#task'), 'function');
  const noFunction = (name: string) =>
    `FAILED_PRECONDITION /srv/work.ts: ${name} is no function (input, fiber) => output`;
  for (const name of ['number', 'nothing', 'list', 'object']) t.is(await find(`work.ts#${name}`), noFunction(name));
  t.is(await find('work.ts#rnu'), 'FAILED_PRECONDITION /srv/work.ts exports no rnu; did you mean run?');
  t.regex(await find('work.ts#missing'), /exports no missing/);
  t.is(
    await find('work.ts#toString'),
    'FAILED_PRECONDITION /srv/work.ts exports no toString; it exports list, missing, nothing, number, object, run, task',
  );
  t.is(await find('empty.ts#run'), 'FAILED_PRECONDITION /srv/empty.ts exports no run; it exports nothing');
  t.regex(await find('throws.ts#run'), /^FAILED_PRECONDITION \/srv\/throws\.ts: .*on purpose/);
  t.regex(await find('imports.ts#run'), /^FAILED_PRECONDITION \/srv\/imports\.ts: .*gone\.ts/);
  t.regex(await find('broken.ts#run'), /^FAILED_PRECONDITION \/srv\/broken\.ts: /);
  t.regex(await find('gone.ts#run'), /^FAILED_PRECONDITION \/srv\/gone\.ts: /);
  t.regex(await find('program.ts#feed'), /feed is no function/);
});

test('a method is one of a contract; all else has its sentence', async (t) => {
  const { path } = folderOf(t, modules);
  const moduleUrl = pathToFileURL(join(path, 'contract.ts')).href;
  const find = async (exportName: string, method: string): Promise<string> => {
    try {
      const found = await findMethod({ kind: 'call', moduleUrl, exportName, method });
      return `${found.service}/${found.method}`;
    } catch (reason) {
      return HeddleError.from(reason).message.replaceAll(path, '/srv');
    }
  };
  t.is(await find('Users', 'get'), 'test.Users/get');
  const no = (name: string, method: string) => `/srv/contract.ts: ${name} is no contract with a method ${method}`;
  t.is(await find('Users', 'gte'), no('Users', 'gte'));
  t.is(await find('Users', 'toString'), no('Users', 'toString'));
  t.is(await find('number', 'get'), no('number', 'get'));
  t.is(await find('nothing', 'get'), no('nothing', 'get'));
  t.regex(await find('User', 'get'), /exports no User; did you mean Users\?/);
});

test('what nodes of a program do is found in the options of its strategy', async (t) => {
  const { path } = folderOf(t, modules);
  const moduleUrl = pathToFileURL(join(path, 'program.ts')).href;
  const work = { kind: 'function', moduleUrl, exportName: 'feed', node: 'a' } as const;
  t.is((await findFunction(work))(7, undefined as never), 7);
  await t.throwsAsync(findFunction({ ...work, node: 'b' }), { message: /feed is no function/ });
});

test('a strategy is loaded with all its nodes, or refused with all that is wrong', async (t) => {
  const folder = folderOf(t, {
    ...modules,
    'good.yaml': `strategy: good
nodes:
  a: { run: ./work.ts#run }
  b: { call: ./contract.ts#Users/get }
  c: { call: ./contract.ts#Users/put }
  d: { value: 1 }
output: [a, b, c, d]
`,
    'bad.yaml': `strategy: bad
nodes:
  a: { run: ./work.ts#number }
  b: { call: ./contract.ts#Users/gte }
  c: { run: ./throws.ts#run, pool: other }
output: [a, b, c]
`,
  });
  const [good, bad] = await definitionsOf(folder, ['good.yaml', 'bad.yaml'], false);
  const { bodies, idempotent } = await loadBodies(good!);
  t.is(bodies.length, 4);
  t.deepEqual(idempotent, [true, true, false, true]);
  const error = await t.throwsAsync(loadBodies(bad!), { code: 'FAILED_PRECONDITION' });
  t.deepEqual(
    error!.message.split('\n').map((line) => line.slice(0, 6)),
    ['bad/a:', 'bad/b:', 'bad/c:'],
  );
});
