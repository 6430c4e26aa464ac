import test from 'ava';
import { bodyRequest, contractRequest, HeddleTarget, type HeddleTargetOptions } from '../../load/heddle-target.ts';
import { startLoad } from '../../load/load-run.ts';
import type { LoadOptions } from '../../load/options.ts';
import { makeHost } from '../../net/client/host.ts';
import { codecIds } from '../../runtime/call.ts';
import { seededRandom, systemClock } from '../../runtime/clock.ts';
import { Echo } from '../cli/fixtures/echo/contract.ts';
import { type Peer, ScriptedServer, type SeenRequest } from '../net/client/scripted-server.ts';

type OnRequest = (request: SeenRequest, peer: Peer) => void;

function loadOn(port: number, own: Partial<LoadOptions> = {}, targetOptions: Partial<HeddleTargetOptions> = {}) {
  const target = new HeddleTarget(
    {
      target: `heddle://127.0.0.1:${port}`,
      service: 'demo.Echo',
      method: 'echo',
      request: bodyRequest(Buffer.from('{}'), 'json', { metadata: [['tenant', 'blue']], priority: 'low' }),
      timeoutMs: 2000,
      connections: 2,
      maxInFlight: 64,
      ...targetOptions,
    },
    makeHost(),
  );
  return startLoad({
    target,
    shape: { kind: 'closed', inFlight: 6 },
    durationMs: 150,
    warmUpMs: 0,
    clock: systemClock,
    random: seededRandom(1),
    ...own,
  });
}

test('a closed loop has exactly so many on the wire, spread evenly, and all of them are the same', async (t) => {
  let open = 0;
  let most = 0;
  const seen = new Set<string>();
  const onRequest: OnRequest = ({ id, body, method, metadata, callId }, peer) => {
    open++;
    most = Math.max(most, open);
    seen.add(`${method} ${body} ${metadata.get('tenant')}`);
    t.not(callId, '0:0');
    setTimeout(() => {
      open--;
      peer.reply(id, 'ok');
    }, 5);
  };
  await using server = await ScriptedServer.open({ onRequest });
  const { connections, answers, failed, cpuSeconds } = await loadOn(server.port).ended;
  t.deepEqual([connections, most, failed], [2, 6, 0]);
  t.deepEqual([...seen], ['echo {} blue']);
  t.true(answers >= 6);
  t.true(cpuSeconds > 0);
});

test('errors are counted by code, with what the server said', async (t) => {
  let turn = 0;
  const onRequest: OnRequest = ({ id }, peer) => {
    if (turn++ % 3 === 0) peer.reply(id, 'ok');
    else peer.error(id, turn % 3 === 0 ? 'ABORTED' : 'RESOURCE_EXHAUSTED', `no ${turn % 3}`);
  };
  await using server = await ScriptedServer.open({ onRequest });
  const { answers, failures } = await loadOn(server.port).ended;
  t.true(answers > 0);
  t.deepEqual(failures.map(({ code, message }) => `${code} ${message}`).toSorted(), [
    'ABORTED no 0',
    'RESOURCE_EXHAUSTED no 2',
  ]);
});

test('an open loop that watches the clock says how long it did only that', async (t) => {
  await using server = await ScriptedServer.open({ onRequest: ({ id }, peer) => peer.reply(id, 'ok') });
  const shape = { kind: 'open', ratePerSecond: 300, maxInFlight: 64 } as const;
  // A machine that is busy with others gives it no time to watch.
  for (let runs = 1, spun = 0; spun === 0; runs++) {
    t.true(runs <= 20, 'it watches the clock');
    const { answers, failed, spunSeconds, cpuSeconds } = await loadOn(server.port, { shape, spinMs: 5 }).ended;
    t.true(answers > 0);
    t.is(failed, 0);
    t.true(spunSeconds < 0.151, `${spunSeconds} s of ${cpuSeconds} s`);
    spun = spunSeconds;
  }
});

test('time in which others had the processor was not spent looking at the clock', async (t) => {
  await using server = await ScriptedServer.open({ onRequest: ({ id }, peer) => peer.reply(id, 'ok') });
  const shape = { kind: 'open', ratePerSecond: 300, maxInFlight: 64 } as const;
  // A process that never gets the processor.
  const { spunSeconds } = await loadOn(server.port, { shape, spinMs: 5, cpuUs: () => 0 }).ended;
  t.is(spunSeconds, 0);
});

test('an answer that the check does not like is DATA_LOSS', async (t) => {
  await using server = await ScriptedServer.open({ onRequest: ({ id }, peer) => peer.reply(id, 'odd') });
  const checkBody = (source: Buffer, start: number, end: number) =>
    source.toString('utf8', start, end) === 'even' ? undefined : 'it is odd';
  const { answers, failures } = await loadOn(server.port, {}, { checkBody }).ended;
  t.is(answers, 0);
  t.like(failures[0], { code: 'DATA_LOSS', message: 'it is odd' });
});

test('requests without an answer run into their timeout, and count with the time they waited', async (t) => {
  let isFirst = true;
  const onRequest: OnRequest = ({ id }, peer) => {
    if (isFirst) peer.reply(id, 'ok');
    isFirst = false;
  };
  await using server = await ScriptedServer.open({ onRequest });
  const { failures, latencies } = await loadOn(server.port, { durationMs: 50 }, { timeoutMs: 400 }).ended;
  t.like(failures[0], { code: 'DEADLINE_EXCEEDED', count: 6 });
  t.true(latencies.minMs >= 399);
});

test('nobody there is UNAVAILABLE', async (t) => {
  await t.throwsAsync(loadOn(1).ended, { code: 'UNAVAILABLE', message: /ECONNREFUSED/ });
});

test('a server that says that the request is wrong is believed at once', async (t) => {
  const onRequest: OnRequest = ({ id }, peer) => peer.error(id, 'UNIMPLEMENTED', 'no such method');
  await using server = await ScriptedServer.open({ onRequest });
  const message = 'the first request was answered with UNIMPLEMENTED: no such method';
  await t.throwsAsync(loadOn(server.port).ended, { code: 'UNIMPLEMENTED', message });
});

test('a request of a contract is written once, in its own codec', (t) => {
  const head = contractRequest(Echo.echo, { text: 'hi' });
  t.is(head.codec, codecIds.avro);
  t.deepEqual(head.source.subarray(head.bodyStart, head.bodyEnd), Buffer.from('\x04hi'));
  t.not(head.fingerprintHigh | head.fingerprintLow, 0);
  const json = contractRequest(Echo.echo, { text: 'hi' }, 'json');
  t.is(json.source.toString('utf8', json.bodyStart, json.bodyEnd), '{"text":"hi"}');
});
