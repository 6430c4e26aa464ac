// Filters in heddle.yaml: their lists, their mistakes, and what --explain says of them.

import test from 'ava';
import { explainService } from '../../config/explain-service.ts';
import { read, settled } from './read.ts';

const folder = 'test/config/fixtures/';

const text = `filters: [auth, timing]
services:
  demo.Greeter:
    module: ./greeter.ts
    filters:
      - cache
clients:
  demo.Users: { target: "heddle://10.0.0.1:7001", filters: [sign] }
plugins: [./audit.ts]
`;

test('filters stand at the top, at a service and at a client, in their order', (t) => {
  const { settings } = settled(t, text);
  t.deepEqual(settings.filters, ['auth', 'timing']);
  t.deepEqual(settings.services[0]!.filters, ['cache']);
  t.deepEqual(settings.clients[0]!.filters, ['sign']);
});

test('explaining a service or a client shows its chains, outermost first, and where each filter was written', (t) => {
  const lines = (name: string): string[] => explainService(settled(t, text), name).replaceAll(folder, '').split('\n');
  const own = lines('demo.Greeter');
  const from = own.indexOf(
    '  filters around its requests, outermost first; those of `filters` that have a server side',
  );
  t.deepEqual(own.slice(from + 1, from + 4), [
    '    1.  auth    filters (heddle.yaml:1)',
    '    2.  timing  filters (heddle.yaml:1)',
    '    3.  cache   services.demo.Greeter.filters (heddle.yaml:6)',
  ]);
  const called = lines('demo.Users');
  t.deepEqual(called.slice(0, 2), ['demo.Users', '  client  fibers that call it go to 10.0.0.1:7001']);
  t.deepEqual(called.slice(called.indexOf('')), [
    '',
    '  filters around calls to it, outermost first; those of `filters` that have a client side',
    '    1.  auth    filters (heddle.yaml:1)',
    '    2.  timing  filters (heddle.yaml:1)',
    '    3.  sign    clients.demo.Users.filters (heddle.yaml:8)',
    '',
  ]);
});

test('a filter lies around nothing twice, and has a name that a plugin can give', (t) => {
  const wrong = text
    .replace('[auth, timing]', '[auth, Timing, auth]')
    .replace('- cache', '- auth')
    .replace('[sign]', '[sign, sign]');
  t.deepEqual(
    read(wrong).problems.map(({ where, message }) => `${where.replace(folder, '')}: ${message}`),
    [
      'heddle.yaml:1:17: an entry of filters must be the name of a filter, as its plugin adds it: lower-case letters, digits, . + and -, beginning with a letter, at most 64',
      'heddle.yaml:1:25: filter "auth" stands twice in this list; take one of them out',
      'heddle.yaml:6:9: filter "auth" lies around everything already, by `filters` at the top of the file; take it out here or there',
      'heddle.yaml:8:67: filter "sign" stands twice in this list; take one of them out',
    ],
  );
});
