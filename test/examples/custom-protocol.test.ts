// The example's own files, on free ports: a protocol that a plugin adds serves a service that knows nothing of it.

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readConfig } from '../../config/read-config.ts';
import { Server } from '../../index.ts';
import { portOf, serveExample } from './serve-example.ts';

const folder = new URL('../../examples/custom-protocol/', import.meta.url);

/** What the socket says until it ends. */
async function all(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += chunk;
  return text;
}

test('lines are answered one after the other, however they come; the rest of the process is as ever', async (t) => {
  const server = await serveExample(t, 'custom-protocol/heddle.yaml', [
    'services.*.listen=[{address: "line://127.0.0.1:0", frame: 64KiB, readTimeout: 300ms, writeTimeout: 300ms},"http://127.0.0.1:0"]',
  ]);
  const port = (protocol: string) => portOf(server, protocol);

  const pipelined = connect(port('line'), '127.0.0.1');
  pipelined.end('demo.Notes/add {"text":"milk"}\r\ndemo.Notes/add {}\nnonsense\ndemo.Notes/list\n');
  const lines = (await all(pipelined)).split('\n');
  t.is(lines[0], 'ok {"count":1}');
  t.regex(lines[1]!, /^error INVALID_ARGUMENT text: /);
  t.regex(lines[2]!, /^error NOT_FOUND there is no service ""/);
  t.deepEqual(lines.slice(3), ['ok {"notes":["milk"]}', '']);

  const torn = connect(port('line'), '127.0.0.1');
  for (const byte of 'demo.Notes/list\n') torn.write(byte);
  torn.end();
  t.is(await all(torn), 'ok {"notes":["milk"]}\n');

  const endless = connect({ port: port('line'), host: '127.0.0.1', allowHalfOpen: true });
  const gone = new Promise((resolve) => endless.on('error', resolve).on('close', resolve));
  const flood = (error?: Error | null): void => {
    if (!error && !endless.destroyed) endless.write(Buffer.alloc(65_536, 'a'), flood);
  };
  flood();
  await gone;
  t.pass('a line over the frame of the listener ends the connection, though the peer sends on');

  const slow = connect(port('line'), '127.0.0.1');
  slow.resume();
  const trickle = setInterval(() => slow.write('d'), 50);
  await new Promise((resolve) => slow.on('error', () => {}).on('close', resolve));
  clearInterval(trickle);

  const http = await fetch(`http://127.0.0.1:${port('http')}/demo.Notes/list`);
  t.deepEqual(await http.json(), { notes: ['milk'] });

  const deaf = connect(port('line'), '127.0.0.1');
  deaf.pause();
  const closed = new Promise((resolve) => deaf.on('error', () => {}).on('close', resolve));
  const lines64 = `demo.Notes/add ${JSON.stringify({ text: 'x'.repeat(60_000) })}\n`;
  deaf.write(`${lines64.repeat(100)}${'demo.Notes/list\n'.repeat(10)}`);
  const knock = setInterval(() => deaf.write('\n'), 50);
  await closed;
  clearInterval(knock);

  const open = connect(port('line'), '127.0.0.1');
  open.write('demo.Notes/add {"text":"tea"}\n');
  await new Promise((resolve) => open.once('data', resolve));
  const ended = all(open);
  t.true(await server.stop(), 'a stop ends what is idle');
  await ended;
});

test('a listener whose protocol nobody adds fails the start, with the nearest one', async (t) => {
  const { settings } = readConfig({
    file: fileURLToPath(new URL('heddle.yaml', folder)),
    overrides: ['services.*.listen=["lin://127.0.0.1:0"]', 'admin.address=none', 'log.level=silent'],
    environment: {},
  });
  const error = await t.throwsAsync(new Server(settings!).start(), { code: 'FAILED_PRECONDITION' });
  t.is(
    error!.message,
    'lin://127.0.0.1:0: no plugin adds the protocol "lin" on this thread; there is heddle, http, line; did you mean line?',
  );
});

test('the plugin has at most 80 lines', (t) => {
  t.true(readFileSync(new URL('line-protocol.ts', folder), 'utf8').trimEnd().split('\n').length <= 80);
});
