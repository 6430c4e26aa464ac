// What fails the start of a thread: filters that no plugin adds there, and sides that a filter does not have.

import test from 'ava';
import { ThreadAround } from '../../../net/filters/thread-around.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { ThreadExtensions } from '../../../runtime/plugins/extensions.ts';
import type { FilterDefinition } from '../../../runtime/plugins/filter.ts';
import { Running, start } from './rig.ts';

const config = `
io: { threads: 1 }
pools: { work: { threads: 1 } }
plugins: [./filters-cpu.ts]
filters: [auth]
services: { demo.Echo: { module: ./echo.ts, pool: work, filters: [inner] } }
`;

test('a name that no plugin adds fails the start with the nearest one', async (t) => {
  const running = new Running(config.replace('[auth]', '[aut]'));
  await t.throwsAsync(running.server.start(), {
    code: 'FAILED_PRECONDITION',
    message: /filters: no plugin adds the filter "aut" on this thread; there is auth, inner; did you mean auth\?$/,
  });
});

test('IO threads that serve nothing do not need the filters', async (t) => {
  await using running = await start(config);
  t.is(running.server.stats().threads, 2);
});

const extensions = new ThreadExtensions();
const { filter } = extensions.cpuPoints('tests');
filter({ name: 'auth', server: (_call, next) => next() });
filter({ name: 'signs', client: (_call, next) => next() });

interface Lists {
  filters?: string[];
  service?: string[];
  client?: string[];
  jobs?: { name: string }[];
}

const around = (kind: 'io' | 'cpu', { filters = [], service, client = [], jobs = [] }: Lists): ThreadAround =>
  new ThreadAround({
    kind,
    name: `${kind}-1`,
    extensions,
    filters,
    services: service === undefined ? [] : [{ name: 'demo.Echo', filters: service }],
    jobs,
    clients: [{ name: 'demo.Far', filters: client }],
    clock: systemClock,
    random: () => 0,
    logger: () => silentLogger,
  });

test('a side that a filter does not have can not be asked for', (t) => {
  t.throws(() => around('cpu', { service: ['signs'] }), {
    code: 'FAILED_PRECONDITION',
    message:
      'services.demo.Echo.filters: filter signs has no server side; it is for calls alone: name it in filters or clients.NAME.filters',
  });
  t.throws(() => around('cpu', { client: ['auth'] }), {
    code: 'FAILED_PRECONDITION',
    message:
      'clients.demo.Far.filters: filter auth has no client side; it is for requests alone: name it in filters or services.NAME.filters',
  });
  t.notThrows(() => around('cpu', { filters: ['auth', 'signs'] }));
});

test('an IO thread that serves says where the plugin must live', (t) => {
  t.throws(() => around('io', { filters: ['timing'], service: [] }), {
    message: /^filters \(pool io, so its plugin must live on io threads\): no plugin adds the filter "timing"/,
  });
});

test('an IO thread that runs jobs needs the filters around their calls', (t) => {
  t.throws(() => around('io', { client: ['timing'], jobs: [{ name: 'sweep' }] }), {
    message: /^clients\.demo\.Far\.filters \(pool io, so its plugin must live on io threads\): no plugin adds/,
  });
});

test('what is offloaded to an IO thread without services makes no call without its filters', async (t) => {
  const [, refuses] = around('io', { filters: ['signs'], client: ['timing'] }).clientFilters('demo.Far');
  await t.throwsAsync(async () => refuses!({} as never, async () => 1), {
    code: 'FAILED_PRECONDITION',
    message: /^clients\.demo\.Far\.filters: filter timing is missing on this IO thread/,
  });
  t.is(around('io', { filters: ['signs'], client: ['timing'] }).clientFilters('demo.Other').length, 1);
});

test('chains are per service, and there is none where nothing is configured', (t) => {
  const chains = around('cpu', { filters: ['signs'], client: ['signs'] });
  t.is(chains.clientFilters('demo.Far').length, 2);
  t.is(chains.clientFilters('demo.Other').length, 1);
});

test('a definition that can be no filter is refused', (t) => {
  const wrong = (definition: unknown, message: RegExp) =>
    t.throws(() => filter(definition as FilterDefinition), { code: 'INVALID_ARGUMENT', message });
  wrong({ name: 'none' }, /^filter "none": it has neither side; give it server\(call, next\), client\(call, next\)/);
  wrong({ name: 'text', server: 'x' }, /^filter "text": server must be a function of \(call, next\), not string$/);
  wrong({ name: 'Not A Name', server: () => 1 }, /can not name a filter/);
  t.throws(() => filter({ name: 'auth', server: () => 1 }), { code: 'ALREADY_EXISTS' });
});
