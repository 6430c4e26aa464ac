import test from 'ava';
import { formatHostPort, overlaps, parseCidr, parseListenAddress, parseTarget } from '../../config/addresses.ts';

test('reads protocol, host and port; hosts come out in lower case and without brackets', (t) => {
  t.deepEqual(parseListenAddress('heddle://127.0.0.1:7000'), {
    value: { protocol: 'heddle', host: '127.0.0.1', port: 7000 },
  });
  t.deepEqual(parseListenAddress('http://[::1]:0'), { value: { protocol: 'http', host: '::1', port: 0 } });
  t.deepEqual(parseListenAddress('http://LocalHost:80'), { value: { protocol: 'http', host: 'localhost', port: 80 } });
});

for (const written of [
  '',
  '127.0.0.1:80',
  'heddle:127.0.0.1:80',
  'heddle://',
  'heddle://:80',
  'heddle://host',
  'heddle://host:',
  'heddle://host:99999',
  'heddle://host:80/',
  'heddle://host:80/path',
  'heddle://user@host:80',
  'heddle://::1:80',
  'heddle://[::1:80',
  'heddle://[127.0.0.1]:80',
  'heddle://1.2.3:80',
  'heddle://-a:80',
  'heddle://a b:80',
  'https://host:80',
  'HTTP://host:80',
  'unix:/a',
  'http+unix://a',
  '/run/a.sock',
  './a.sock',
]) {
  test(`refuses to listen on ${JSON.stringify(written)} with a sentence`, (t) => {
    const parsed = parseListenAddress(written);
    t.true('message' in parsed && parsed.message.length > 10);
  });
}

test('reads the addresses of a target and refuses the same one twice, port 0 and other protocols', (t) => {
  t.deepEqual(parseTarget('heddle://a:1,[::1]:2'), {
    value: [
      { host: 'a', port: 1 },
      { host: '::1', port: 2 },
    ],
  });
  t.true('message' in parseTarget('heddle://a:1,A:1'));
  t.true('message' in parseTarget('heddle://a:0'));
  t.true('message' in parseTarget('http://a:1'));
  t.true('message' in parseTarget(`heddle://${Array.from({ length: 65 }, (_, index) => `a:${index + 1}`).join(',')}`));
});

test('reads blocks of both families and refuses what is none', (t) => {
  for (const right of ['10.0.0.0/8', '10.0.0.1', '0.0.0.0/0', '::1', '2001:db8::/32', '::/128']) {
    t.deepEqual(parseCidr(right), { value: right });
  }
  for (const wrong of ['', '10.0.0/8', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', 'fe80::1%eth0', 'host']) {
    t.true('message' in parseCidr(wrong), wrong);
  }
});

test('knows which listeners keep each other from a port', (t) => {
  const at = (host: string, port = 80): { host: string; port: number } => ({ host, port });
  t.true(overlaps(at('a'), at('a')));
  t.true(overlaps(at('0.0.0.0'), at('127.0.0.1')));
  t.true(overlaps(at('localhost'), at('::')));
  t.true(overlaps(at('127.0.0.1'), at('localhost')));
  t.true(overlaps(at('localhost'), at('::1')));
  t.false(overlaps(at('localhost'), at('127.0.0.2')));
  t.false(overlaps(at('0.0.0.0'), at('::1')));
  t.false(overlaps(at('127.0.0.1'), at('127.0.0.2')));
  t.false(overlaps(at('a', 0), at('a', 0)));
  t.is(formatHostPort(at('::1')), '[::1]:80');
});
