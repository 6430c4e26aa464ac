// Targets of clients that a naming looks up: what may stand there, what not, and what --explain says.

import test from 'ava';
import { clientTargetPattern, parseClientTarget } from '../../config/client-target.ts';
import { explainService } from '../../config/explain-service.ts';
import { read, settled } from './read.ts';

const folder = 'test/config/fixtures/';

const text = `plugins: [./audit.ts]
services:
  demo.Greeter: { module: ./greeter.ts }
clients:
  shop.Stock: { target: "consul://shop-stock?tag=eu" }
`;

test('a target of another scheme is scheme and text, and has no addresses yet', (t) => {
  const [client] = settled(t, text).settings.clients;
  t.deepEqual(client!.naming, { scheme: 'consul', text: 'shop-stock?tag=eu' });
  t.deepEqual(client!.addresses, []);
  t.regex(
    explainService(settled(t, text), 'shop.Stock'),
    /fibers that call it go to where naming consul says that shop-stock\?tag=eu is\n/,
  );
  t.false('naming' in settled(t, text.replace('consul://shop-stock?tag=eu', 'heddle://a:1')).settings.clients[0]!);
});

test('without plugins nobody can add a scheme', (t) => {
  const wrong = text.replace('plugins: [./audit.ts]\n', '').replace('consul', 'hedle');
  t.deepEqual(
    read(wrong).problems.map(
      ({ where, message, suggestion }) => `${where.replace(folder, '')}: ${message} (${suggestion})`,
    ),
    [
      'heddle.yaml:4:26: target is looked up by "hedle", which is not known, and no plugin is listed that could add it (heddle)',
    ],
  );
});

test('what can be no target is refused, and so it is by an editor', (t) => {
  const editor = new RegExp(clientTargetPattern);
  const messages: Record<string, RegExp> = {
    'consul://': /^has nothing behind consul:\/\//,
    'consul://two words': /^must have 1 to 500 characters of ASCII behind consul:\/\//,
    [`consul://${'x'.repeat(501)}`]: /^must have 1 to 500 characters/,
    'http://a:1': /^speaks "http", which is not known/,
    'https://a:1': /does no TLS/,
    'unix:///tmp/x': /^names a unix socket/,
    'Consul://x': /^speaks "Consul", which is not known/,
    'a:1': /^must begin with heddle:\/\//,
    'heddle://a': /^has no port/,
  };
  for (const [target, message] of Object.entries(messages)) {
    const parsed = parseClientTarget(target);
    t.regex('message' in parsed ? parsed.message : 'taken', message, target);
    t.notRegex(target, editor);
  }
  for (const target of [
    'consul://a',
    'dns+srv://_stock._tcp.example',
    'heddle://a:1,b:2',
    'static-file:///etc/x.json',
  ]) {
    t.true('value' in parseClientTarget(target), target);
    t.regex(target, editor);
  }
});
