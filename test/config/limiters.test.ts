// Limiters in heddle.yaml: their list, its mistakes, and what --explain says of it.

import test from 'ava';
import { explainService } from '../../config/explain-service.ts';
import { read, settled } from './read.ts';

const folder = 'test/config/fixtures/';

const text = `services:
  demo.Greeter:
    module: ./greeter.ts
    limiters: [per-tenant, gate]
plugins: [./audit.ts]
`;

test('limiters stand at a service, in their order; without any there is no list', (t) => {
  t.deepEqual(settled(t, text).settings.services[0]!.limiters, ['per-tenant', 'gate']);
  t.false('limiters' in settled(t, text.replace('[per-tenant, gate]', '[]')).settings.services[0]!);
});

test('explaining a service shows its limiters and where each was written', (t) => {
  const lines = (written: string) =>
    explainService(settled(t, written), 'demo.Greeter').replaceAll(folder, '').split('\n');
  const own = lines(text);
  const from = own.indexOf('  limiters of its requests from outside, in the order in which they are asked');
  t.deepEqual(own.slice(from + 1, from + 3), [
    '    1.  per-tenant  services.demo.Greeter.limiters (heddle.yaml:4)',
    '    2.  gate        services.demo.Greeter.limiters (heddle.yaml:4)',
  ]);
  t.true(lines(text.replace('[per-tenant, gate]', '[]')).includes('  limiters of its requests from outside: none'));
});

test('a limiter is asked once, and has a name that a plugin can give', (t) => {
  t.deepEqual(
    read(text.replace('gate', 'Gate, per-tenant')).problems.map(
      ({ where, message }) => `${where.replace(folder, '')}: ${message}`,
    ),
    [
      'heddle.yaml:4:28: an entry of limiters must be the name of a limiter, as its plugin adds it: lower-case letters, digits, . + and -, beginning with a letter, at most 64',
      'heddle.yaml:4:34: limiter "per-tenant" stands twice in this list; take one of them out',
    ],
  );
});

test('without any plugin, nobody can add a filter or a limiter, and the config says so at once', (t) => {
  const without = `filters: [auth]\n${text.replace('plugins: [./audit.ts]\n', '').replace('per-tenant, gate', 'gate')}`;
  t.deepEqual(
    read(without).problems.map(({ where, message }) => `${where.replace(folder, '')}: ${message}`),
    [
      'heddle.yaml:1:11: no plugin is listed that could add the filter "auth": name its module under plugins',
      'heddle.yaml:5:16: no plugin is listed that could add the limiter "gate": name its module under plugins',
    ],
  );
});
