// Contracts: names and references.

import test from 'ava';
import { avro } from '../../../net/codec/avro-codec.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { contractMethod, method, methodsOf, service, serviceName } from '../../../net/service/contract.ts';

test('a method knows its names and what the contract says of it', (t) => {
  const Films = service('movies.Films', {
    get: method(avro('string', 'int'), { reads: true }),
    log: method(bytes(), { oneWay: true }),
  });
  t.is(Films[serviceName], 'movies.Films');
  t.deepEqual(
    methodsOf(Films).map(({ service: name, method: own, fullName, reads, oneWay }) => [
      name,
      own,
      fullName,
      reads,
      oneWay,
    ]),
    [
      ['movies.Films', 'get', 'movies.Films/get', true, false],
      ['movies.Films', 'log', 'movies.Films/log', false, true],
    ],
  );
});

test('one definition may serve in two contracts', (t) => {
  const get = method(bytes());
  t.is(service('a.A', { get }).get.fullName, 'a.A/get');
  t.is(service('b.B', { get }).get.fullName, 'b.B/get');
});

test('names are letters, digits, _ and dots', (t) => {
  for (const name of ['', 'a b', 'a..b', '.a', 'a.', '1a', 'a/b', 'a'.repeat(256), 'é']) {
    t.throws(() => service(name, {}), { code: 'INVALID_ARGUMENT', message: /can't name a service/ });
  }
  for (const name of ['', 'a.b', 'then', 'constructor', 'a-b', 'a'.repeat(256)]) {
    t.throws(() => service('a', { [name]: method(bytes()) }), {
      code: 'INVALID_ARGUMENT',
      message: /can't name a method/,
    });
  }
});

test('only a method of a contract can be called', (t) => {
  t.throws(() => contractMethod({ service: 'a', method: 'b' }), {
    code: 'INVALID_ARGUMENT',
    message: /a\/b is not a method/,
  });
});
