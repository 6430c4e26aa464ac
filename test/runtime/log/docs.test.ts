// The sink of docs/logging.md, run in a server as it stands there, and what a server does with plugins on its log thread.

import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { readConfig } from '../../../config/read-config.ts';
import { Server } from '../../../net/server/server.ts';
import { disposeTimeoutMs } from '../../../runtime/plugins/install.ts';
import type { PluginSettings } from '../../../runtime/settings.ts';
import { settingsOf } from '../../faults/rig.ts';
import { Modules } from '../plugins/modules.ts';

const page = readFileSync(new URL('../../../docs/logging.md', import.meta.url), 'utf8');
const section = page.slice(page.indexOf('## A sink of your own'));
const [plugin = '', yaml = ''] = [...section.matchAll(/^```(?:ts|yaml)\n([\s\S]*?)^```$/gm)].map(([, code]) => code);

const serverWith = (modules: Modules, ...plugins: PluginSettings[]) => {
  const settings = settingsOf(
    'log: { level: info }\nservices: { faults.Work: { module: ./work.ts, pool: { threads: 1 } } }\nadmin: { address: none }',
  );
  return new Server({ ...settings, log: { ...settings.log, file: modules.path('heddle.log') }, plugins });
};

test.serial('the sink of the page posts to its collector what is logged from the start to the end', async (t) => {
  const posts: { headers: IncomingHttpHeaders; text: string }[] = [];
  const collector = createServer(async (request, response) => {
    posts.push({ headers: request.headers, text: (await request.setEncoding('utf8').toArray()).join('') });
    response.end();
  }).listen(0, '127.0.0.1');
  t.teardown(() => collector.close());
  await new Promise((resolve) => collector.once('listening', resolve));
  const modules = new Modules(t);
  modules.write('greeter.ts', '');
  const index = JSON.stringify(new URL('../../../plugin.ts', import.meta.url).href);
  modules.write('collector.ts', plugin.replace("'heddle/plugin'", index));
  const { settings, problems } = readConfig({
    file: modules.path('heddle.yaml'),
    text: `${yaml.replace('3100', String((collector.address() as AddressInfo).port))}services: { demo.Greeter: { module: ./greeter.ts } }\n`,
    environment: {},
  });
  t.deepEqual(problems, []);
  const server = serverWith(modules, ...settings!.plugins);
  await server.start();
  server.log.info({}, 'last words');
  await server.stop();
  const log = readFileSync(modules.path('heddle.log'), 'utf8');
  const posted = posts.map(({ text }) => text).join('');
  t.true(log.endsWith(posted));
  t.regex(posted, /"order":.*"log":\["collector"\].*"msg":"last words"/s);
  t.is(posts[0]!.headers['content-type'], 'application/x-ndjson');
  t.is(posts[0]!.headers['x-lost-lines'], undefined);
});

test.serial('a server tells plugins on its log thread that it drains, and disposes them last of all', async (t) => {
  const modules = new Modules(t);
  const server = serverWith(modules, modules.noting('both', ['main', 'log']));
  await server.start();
  await server.stop();
  t.deepEqual(modules.notes.slice(2, 4), ['install log both', 'install main both']);
  t.deepEqual(modules.notes.slice(4).toSorted(), [
    'dispose log both',
    'dispose main both',
    'drain log both',
    'drain main both',
  ]);
  t.is(modules.notes.at(-1), 'dispose log both');
});

test.serial('a plugin that is not installed on the log thread fails the start with its name', async (t) => {
  const modules = new Modules(t);
  const fails = modules.plugin('fails', 'threads: ["log"], install() { throw new Error("no route"); }');
  const server = serverWith(modules, modules.noting('first', ['log']), fails);
  const error = await t.throwsAsync(server.start(), { code: 'FAILED_PRECONDITION' });
  t.regex(error!.message, /^plugin fails was not installed on thread log: .*Error: no route/);
  t.deepEqual(modules.notes.slice(-2), ['install log first', 'dispose log first']);
});

test('the bounds of the page are those of the code', (t) => {
  t.true(section.includes(`together within ${disposeTimeoutMs} ms`));
});
