// The proxy example from its own config on free ports: what its README shows, and what its target sees.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { BytesProxy } from '../../examples/proxy/contract.ts';
import { connect } from '../../index.ts';
import { heddle } from '../cli/heddle.ts';
import { ScriptedServer } from '../net/client/scripted-server.ts';
import { rejection } from '../spine/rejection.ts';
import { serveExample } from './serve-example.ts';

const folder = new URL('../../examples/proxy/', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');

test('the proxy sends bytes where its caller says, with deadline and cancel, and not everywhere', async (t) => {
  const server = await serveExample(t, 'proxy/heddle.yaml');
  // Services that ask for any port share one.
  const [proxyTarget, http] = server.addresses.map(({ protocol, port }) => `${protocol}://127.0.0.1:${port}`);
  const shoutTarget = proxyTarget;

  const script = fileURLToPath(new URL('client.ts', folder));
  const { code, stdout, stderr } = await heddle([proxyTarget!, shoutTarget!], { script });
  t.is(code, 0, stderr);
  t.true(readme.includes(`client.ts\n${stdout}$ curl`), stdout);

  const answer = await fetch(`${http}/demo.Proxy/forward`, {
    method: 'POST',
    body: 'hello',
    headers: {
      'content-type': 'application/octet-stream',
      'heddle-meta-target': shoutTarget!,
      'heddle-meta-service': 'demo.Shout',
      'heddle-meta-method': 'shout',
    },
  });
  t.is(await answer.text(), 'HELLO');

  await using target = await ScriptedServer.open();
  await using proxy = connect(BytesProxy, { target: proxyTarget! });
  const to = { target: `heddle://127.0.0.1:${target.port}`, service: 'demo.Any', method: 'where' };
  const stop = new AbortController();
  const call = rejection(proxy.forward(Buffer.from('x'), { metadata: to, timeoutMs: 5_000, signal: stop.signal }));
  const peer = await target.peer();
  const seen = await peer.request();
  t.deepEqual([seen.service, seen.method, seen.body], ['demo.Any', 'where', 'x']);
  t.true(seen.budgetUs > 0 && seen.budgetUs <= 5e6);
  stop.abort();
  t.is((await call).code, 'CANCELLED');
  t.is(await peer.cancel(), seen.id);
  const unsaid = await rejection(proxy.forward(Buffer.from('x'), { metadata: { target: to.target } }));
  t.deepEqual(
    [unsaid.code, unsaid.message],
    ['INVALID_ARGUMENT', 'the metadata does not say service: it takes target, service and method'],
  );
});

test('a thread has at most 64 targets: one that carries nothing makes room', async (t) => {
  const { Targets } = await import('../../examples/proxy/targets.ts');
  await using server = await ScriptedServer.open({
    onRequest: ({ id, method }, peer) => method === 'wait' || peer.reply(id, method),
  });
  const targets = new Targets();
  const stop = new AbortController();
  const target = `heddle://127.0.0.1:${server.port}`;
  const waits = (service: string) =>
    targets.call({ target, service, method: 'wait' }, Buffer.from(''), { signal: stop.signal });
  const first = waits('demo.First');
  const waiting = Array.from({ length: 62 }, (_, at) => waits(`demo.Waiting${at}`));
  for (const method of ['one', 'two', 'three']) {
    t.is((await targets.call({ target, service: 'demo.Quick', method }, Buffer.from(''), {})).toString(), method);
  }
  const last = waits('demo.Last');
  const over = await rejection(waits('demo.Over'));
  t.deepEqual([over.code, over.message], ['RESOURCE_EXHAUSTED', '64 targets are in use at once']);
  stop.abort();
  for (const { status } of await Promise.allSettled([first, last, ...waiting])) t.is(status, 'rejected');
});
