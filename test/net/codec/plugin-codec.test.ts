// A codec of a plugin in a real process: on IO and CPU threads, from sockets, between fibers, and where it is missing.

import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readConfig } from '../../../config/read-config.ts';
import { formatProblems } from '../../../document/format-problems.ts';
import { type Client, connect, registerCodec, Server } from '../../../index.ts';
import { Echo, Relay } from './fixtures/contract.ts';
import { loud } from './fixtures/loud.ts';

registerCodec(loud);

let server: Server;
let echo: Client<typeof Echo>;
let relay: Client<typeof Relay>;

const portOf = (protocol: string): number => server.addresses.find((address) => address.protocol === protocol)!.port;

test.before(async () => {
  const file = fileURLToPath(new URL('fixtures/heddle.yaml', import.meta.url));
  const { settings, problems } = readConfig({ file, environment: {} });
  if (settings === undefined) throw new Error(formatProblems(problems));
  server = new Server(settings);
  await server.start();
  const target = `heddle://127.0.0.1:${portOf('heddle')}`;
  echo = connect(Echo, { target, codec: 'loud' });
  relay = connect(Relay, { target });
});

test.after.always(async () => {
  await echo?.close();
  await relay?.close();
  await server?.stop();
});

test('over a socket both sides read in it; one call may choose another', async (t) => {
  // Read by the service, then by this client.
  t.deepEqual(await echo.echo({ text: 'hi' }), { text: 'hi!!' });
  t.deepEqual(await echo.echo({ text: 'hi' }, { codec: 'avro' }), { text: 'hi' });
  t.deepEqual(await echo.echo({ text: 'hi' }, { codec: 'json' }), { text: 'hi' });
});

test('over HTTP its content-type is read and answered', async (t) => {
  const answer = await fetch(`http://127.0.0.1:${portOf('http')}/test.Echo/echo`, {
    method: 'POST',
    headers: { 'content-type': 'Application/Loud+JSON; version=1' },
    body: '{"text":"hi"}',
  });
  t.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'application/loud+json']);
  t.is(await answer.text(), '{"text":"hi!"}');
});

test('a fiber calls another service in it, from a CPU thread to an IO thread', async (t) => {
  t.deepEqual(await relay.relay({ text: 'hi', codec: 'loud' }), { text: 'hi!!' });
  t.deepEqual(await relay.relay({ text: 'hi', codec: 'json' }), { text: 'hi' });
  await t.throwsAsync(relay.relay({ text: 'hi', codec: 'lout' }), { message: /no codec "lout".*did you mean loud\?/ });
});

test('what its read throws is the caller’s mistake, and the next request is served', async (t) => {
  const answer = await fetch(`http://127.0.0.1:${portOf('http')}/test.Echo/echo`, {
    method: 'POST',
    headers: { 'content-type': loud.contentType },
    body: '{"text":',
  });
  t.is(answer.status, 400);
  t.regex(await answer.text(), /the body is not loud: Unexpected end of JSON input/);
  t.deepEqual(await echo.echo({ text: 'hi' }), { text: 'hi!!' });
});
