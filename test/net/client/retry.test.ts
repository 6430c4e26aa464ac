// Backends that are dead, slow, half-dead or lying, over real sockets: what the caller of a typed client sees, and how
// often the server was asked.

import test from 'ava';
import { type Client, type ConnectOptions, connect } from '../../../net/client/connect.ts';
import { type HostParts, makeHost } from '../../../net/client/host.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import { seededRandom } from '../../../runtime/clock.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';
import { openChannel, until } from './channel-helpers.ts';
import { ask, deadPort, type Peer, replyFrame, ScriptedServer, type SeenRequest } from './scripted-server.ts';

const Echo = service('demo.Echo', {
  read: method(bytes(), { reads: true }),
  write: method(bytes()),
  tell: method(bytes(), { oneWay: true }),
});

type Answer = (request: SeenRequest, peer: Peer, count: number) => void;

/** A server that keeps what it was asked; `count` is 1 for the first request. */
async function asked(answer: Answer, options: { port?: number } = {}) {
  const requests: SeenRequest[] = [];
  const server = await ScriptedServer.open({
    ...options,
    onRequest: (request, peer) => answer(request, peer, requests.push(request)),
  });
  return { server, requests, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const answers: Answer = ({ id, body }, peer) => peer.reply(id, body);
const cuts: Answer = (_request, peer) => void peer.socket.destroy();
const silent: Answer = () => {};

interface Caller extends AsyncDisposable {
  client: Client<typeof Echo>;
  events: string[];
}

function caller(ports: number[], options: Partial<ConnectOptions> = {}, parts: HostParts = {}): Caller {
  const events: string[] = [];
  const host = makeHost({ random: seededRandom(1), count: (event) => void events.push(event), ...parts });
  const addresses = ports.map((port) => ({ host: '127.0.0.1', port }));
  const client = connect(Echo, { addresses, backoffFirstMs: 2, backoffMaxMs: 10, host, ...options });
  return { client, events, [Symbol.asyncDispose]: () => client.close() };
}

const hello = Buffer.from('hello');

test('an idempotent call whose connection is cut is made again: the same call id, the next attempt', async (t) => {
  await using backend = await asked((request, peer, count) => (count === 1 ? cuts : answers)(request, peer, count));
  await using caller_ = caller([backend.server.port]);
  t.is((await caller_.client.read(hello)).toString(), 'hello');
  const [first, second] = backend.requests;
  t.like(first, { attempt: 1, body: 'hello' });
  t.like(second, { attempt: 2, body: 'hello', callId: first!.callId });
  t.not(first!.callId, '0:0');
  t.deepEqual(
    caller_.events.filter((event) => event.startsWith('client-retry')),
    ['client-retry'],
  );
});

for (const at of [1, 8, 15, 16, 40]) {
  test(`a reply cut off after ${at} bytes is a loss, and never a short reply`, async (t) => {
    const body = 'x'.repeat(100);
    const cutting: Answer = ({ id }, peer) => void peer.socket.end(replyFrame(id, body).subarray(0, at));
    await using backend = await asked((request, peer, count) =>
      (count === 2 ? answers : cutting)(request, peer, count),
    );
    await using caller_ = caller([backend.server.port]);
    t.is((await caller_.client.read(Buffer.from(body))).toString(), body);
    const error = await t.throwsAsync(caller_.client.write(hello), { instanceOf: HeddleError });
    t.like(error, { code: 'UNAVAILABLE', retry: 'if-idempotent' });
    t.is(backend.requests.length, 3);
  });
}

test('a call that is not idempotent is sent once', async (t) => {
  await using backend = await asked(cuts);
  await using caller_ = caller([backend.server.port]);
  await t.throwsAsync(caller_.client.write(hello), { code: 'UNAVAILABLE' });
  await t.throwsAsync(caller_.client.read(hello, { idempotent: false }), { code: 'UNAVAILABLE' });
  t.is(backend.requests.length, 2);
});

test('one that has certainly not run is sent again, whatever it is', async (t) => {
  await using backend = await asked((request, peer, count) =>
    count === 1 ? peer.error(request.id, 'UNAVAILABLE', 'not now', 'yes') : peer.reply(request.id, 'written'),
  );
  await using caller_ = caller([backend.server.port]);
  t.is((await caller_.client.write(hello)).toString(), 'written');
  t.is(backend.requests.length, 2);
});

test('a call that fails in all its attempts says which the last was, and that it may have run', async (t) => {
  await using backend = await asked(({ id }, peer, count) =>
    peer.error(id, 'UNAVAILABLE', 'away', count === 3 ? 'yes' : 'if-idempotent'),
  );
  await using caller_ = caller([backend.server.port]);
  const error = await t.throwsAsync(caller_.client.read(hello), { instanceOf: HeddleError });
  t.like(error, { code: 'UNAVAILABLE', retry: 'if-idempotent' });
  t.regex(error!.message, /^away; attempt 3 of at most 3$/);
  t.is(backend.requests.length, 3);
});

test('with maxAttempts 1 nothing is repeated', async (t) => {
  await using backend = await asked(cuts);
  await using caller_ = caller([backend.server.port], { maxAttempts: 1 });
  await t.throwsAsync(caller_.client.read(hello), { code: 'UNAVAILABLE' });
  t.is(backend.requests.length, 1);
});

test('a one-way call is sent once', async (t) => {
  await using backend = await asked((request, peer, count) => (count === 1 ? cuts : answers)(request, peer, count));
  await using caller_ = caller([backend.server.port]);
  await caller_.client.tell(hello);
  await until(() => backend.requests.length === 1);
  t.is((await caller_.client.read(hello)).toString(), 'hello');
  t.is(backend.requests.filter(({ method }) => method === 'tell').length, 1);
});

test.serial(
  'a slow attempt is cancelled at attemptTimeoutMs and made again; the server knows each one’s budget',
  async (t) => {
    await using backend = await asked((request, peer, count) => (count === 1 ? silent : answers)(request, peer, count));
    await using caller_ = caller([backend.server.port], { attemptTimeoutMs: 400 });
    t.is((await caller_.client.read(hello)).toString(), 'hello');
    t.is(backend.requests.length, 2);
    for (const { budgetUs } of backend.requests) t.true(budgetUs > 0 && budgetUs <= 400_000, `${budgetUs}`);
    t.is(await backend.server.peers[0]!.cancel(), backend.requests[0]!.id);
  },
);

test.serial('a call of which each attempt was slow says so; one that is not idempotent had one', async (t) => {
  await using backend = await asked((request, peer, count) =>
    (request.body === 'warm' ? answers : silent)(request, peer, count),
  );
  await using caller_ = caller([backend.server.port], { attemptTimeoutMs: 100, maxAttempts: 3 });
  const warm = (): Promise<unknown> => caller_.client.read(Buffer.from('warm')).catch(warm);
  await warm();
  backend.requests.length = 0;
  const read = await t.throwsAsync(caller_.client.read(hello), { instanceOf: HeddleError });
  t.is(read!.code, 'DEADLINE_EXCEEDED');
  t.regex(read!.message, /sent no reply within \d+ ms; attempt 3 of at most 3, which had 100 ms \(attemptTimeoutMs\)$/);
  await until(() => backend.requests.length === 3);
  const write = await t.throwsAsync(caller_.client.write(hello), { instanceOf: HeddleError });
  t.regex(write!.message, /attempt 1 of at most 3, which had 100 ms/);
  await until(() => backend.requests.length === 4);
});

test.serial('no attempt gets more time than its call has left', async (t) => {
  await using backend = await asked(silent);
  await using caller_ = caller([backend.server.port], { attemptTimeoutMs: 200, maxAttempts: 10 });
  const error = await t.throwsAsync(caller_.client.read(hello, { timeoutMs: 500 }), { instanceOf: HeddleError });
  t.is(error!.code, 'DEADLINE_EXCEEDED');
  const budgetsMs = backend.requests.map(({ budgetUs }) => budgetUs / 1_000);
  // Each but the last one used all of its own before the next began.
  t.true(budgetsMs.length >= 1 && budgetsMs.length <= 3, `${budgetsMs}`);
  t.true(budgetsMs.at(-1)! <= 500 - 200 * (budgetsMs.length - 1), `${budgetsMs}`);
});

test('when everything fails, retries are bounded by their share of the calls', async (t) => {
  await using backend = await asked(({ id }, peer) => peer.error(id, 'UNAVAILABLE', 'overloaded', 'if-idempotent'));
  await using caller_ = caller([backend.server.port], { retryMinPerSecond: 0, retryBudgetPercent: 20 });
  const calls = Array.from({ length: 1_000 }, () => caller_.client.read(hello));
  for (const outcome of await Promise.allSettled(calls)) t.like(outcome, { reason: { code: 'UNAVAILABLE' } });
  t.is(backend.requests.length, 1_200);
  t.is(caller_.events.filter((event) => event === 'client-retry').length, 200);
  t.true(caller_.events.includes('client-retry-refused'));
});

test('an abort between two attempts ends the call', async (t) => {
  const abort = new AbortController();
  await using backend = await asked(({ id }, peer) => peer.error(id, 'UNAVAILABLE', 'away', 'if-idempotent'));
  const options = { retryBackoffFirstMs: 10_000, retryBackoffMaxMs: 10_000 };
  await using caller_ = caller([backend.server.port], options, { random: () => 0.999 });
  const call = caller_.client.read(hello, { signal: abort.signal });
  await until(() => caller_.events.filter((event) => event === 'client-retry').length === 2);
  abort.abort();
  await t.throwsAsync(call, { code: 'CANCELLED' });
  t.is(backend.requests.length, 2);
});

test('close ends calls that wait for their next attempt, at once', async (t) => {
  await using backend = await asked(({ id }, peer) => peer.error(id, 'UNAVAILABLE', 'away', 'if-idempotent'));
  const options = { retryBackoffFirstMs: 10_000, retryBackoffMaxMs: 10_000 };
  await using caller_ = caller([backend.server.port], options, { random: () => 0.999 });
  const call = caller_.client.read(hello);
  await until(() => caller_.events.filter((event) => event === 'client-retry').length === 2);
  const ended = t.throwsAsync(call, { code: 'CANCELLED', message: /closed before the reply came/ });
  await caller_.client.close();
  await ended;
});

for (const balance of ['round-robin', 'least-loaded'] as const) {
  test(`a retry goes to another address than the one that failed (${balance})`, async (t) => {
    await using bad = await asked(({ id }, peer) => peer.error(id, 'UNAVAILABLE', 'away', 'if-idempotent'));
    await using good = await asked(answers);
    await using caller_ = caller([bad.server.port, good.server.port], { balance, ejectAfter: 0 });
    for (let call = 0; call < 40; call++) t.is((await caller_.client.read(hello)).toString(), 'hello');
    t.true(good.requests.every(({ attempt }) => attempt <= 2));
    t.true(bad.requests.every(({ attempt }) => attempt === 1));
    t.true(bad.requests.length > 0);
  });
}

const liars: Record<string, Answer> = {
  'sends garbage': (_request, peer) => void peer.socket.write('HTTP/1.1 200 OK\r\n\r\n'),
  'answers other calls': ({ id }, peer) => peer.reply(id + 1, 'not yours'),
  'answers in short frames': ({ id, body }, peer) => void peer.socket.write(replyFrame(id, body).subarray(0, 20)),
  'answers nothing': silent,
  'cuts the connection': cuts,
  'says that it stops': (_request, peer) => peer.goaway({ final: true }),
};
for (const [what, lies] of Object.entries(liars)) {
  test.serial(`callers of idempotent methods see nothing of one of two backends that ${what}`, async (t) => {
    await using bad = await asked(lies);
    await using good = await asked(answers);
    // More attempts than by default: on a busy machine the good one may be slow too.
    const options = { attemptTimeoutMs: 250, maxAttempts: 6, ejectForMs: 20_000 };
    await using caller_ = caller([bad.server.port, good.server.port], options);
    const texts = Array.from({ length: 30 }, (_, at) => `${what} ${at}`);
    for (const text of texts) t.is((await caller_.client.read(Buffer.from(text))).toString(), text);
    const together = await Promise.all(texts.map((text) => caller_.client.read(Buffer.from(text))));
    t.deepEqual(together.map(String), texts);
    t.true(bad.requests.length > 0);
  });
}

test('callers of idempotent methods see nothing of one of two addresses that is dead', async (t) => {
  await using good = await asked(answers);
  await using caller_ = caller([await deadPort(), good.server.port]);
  for (let call = 0; call < 20; call++) t.is((await caller_.client.read(hello)).toString(), 'hello');
  t.is(good.requests.length, 20);
});

test.serial('an address that answers nothing is left alone, and found again once it answers', async (t) => {
  let hung = true;
  await using moody = await asked((request, peer, count) => (hung ? silent : answers)(request, peer, count));
  await using good = await asked(answers);
  const options = { attemptTimeoutMs: 200, maxAttempts: 6, ejectForMs: 500, ejectMaxMs: 500 };
  await using caller_ = caller([moody.server.port, good.server.port], options);
  while (!caller_.events.includes('client-ejected')) await caller_.client.read(hello);
  t.is(moody.requests.length, 5, 'one for each failure');
  hung = false;
  await caller_.client.write(hello);
  t.is(moody.requests.length, 5, 'it is out');
  while (moody.requests.length < 20) t.is((await caller_.client.read(hello)).toString(), 'hello');
  t.is(caller_.events.filter((event) => event === 'client-probe').length, 1);
});

test('a caller that gives up at its deadline tells of a slow address, whoever looked at the clock first', async (t) => {
  await using slow = await asked(silent);
  await using other = await asked(silent);
  const clock = new VirtualClock();
  await using client = openChannel([slow.server.port, other.server.port], { ejectAfter: 1 }, { clock });
  client.channel.open();
  await until(() => client.channel.stats.ready === 2);
  const asking = ask(client.channel, 'x', { deadlineMs: clock.nowMs() + 50 });
  clock.skip(20);
  client.channel.cancel(asking.handle);
  t.is(client.channel.stats.ejected, 0);
  const again = ask(client.channel, 'x', { deadlineMs: clock.nowMs() + 50 });
  clock.skip(50);
  client.channel.cancel(again.handle);
  t.is(client.channel.stats.ejected, 1);
  t.is(again.replies, 0);
});

test('the last address is never left alone', async (t) => {
  await using backend = await asked((request, peer, count) => (count <= 20 ? cuts : answers)(request, peer, count));
  await using caller_ = caller([backend.server.port], { maxAttempts: 1 });
  for (let call = 0; call < 20; call++) await t.throwsAsync(caller_.client.read(hello), { code: 'UNAVAILABLE' });
  t.is((await caller_.client.read(hello)).toString(), 'hello');
  t.false(caller_.events.includes('client-ejected'));
});

test('a call whose attempt a slow server does not start, for lack of time, goes to another one: also one that writes', async (t) => {
  await using slow = await asked(({ id }, peer) => peer.error(id, 'DEADLINE_EXCEEDED', 'it takes 120 ms', 'yes'));
  await using well = await asked(answers);
  const ports = [slow.server.port, well.server.port];
  await using caller_ = caller(ports, { timeoutMs: 20_000, attemptTimeoutMs: 5_000 });
  for (let call = 0; call < 10; call++) {
    t.is((await caller_.client.read(hello)).toString(), 'hello');
    t.is((await caller_.client.write(hello)).toString(), 'hello');
  }
  t.true(slow.requests.length > 0);
  t.is(well.requests.length, 20);
});

test('an answer that a call was not started for lack of time says nothing of its address; one that was late does', async (t) => {
  const laters: Answer = ({ id, body }, peer) =>
    peer.error(id, 'DEADLINE_EXCEEDED', body, body === 'short' ? 'yes' : 'no');
  await using one = await asked(laters);
  await using two = await asked(laters);
  await using client = openChannel([one.server.port, two.server.port], { ejectAfter: 2 });
  client.channel.open();
  await until(() => client.channel.stats.ready === 2);
  for (let call = 0; call < 20; call++) {
    t.like(await ask(client.channel, 'short').outcome, { code: 'DEADLINE_EXCEEDED', retry: 'yes' });
  }
  t.is(client.channel.stats.ejected, 0);
  // Nor does it take back what was seen before.
  for (const body of ['late', 'late', 'short', 'short', 'late', 'late']) await ask(client.channel, body).outcome;
  t.is(client.channel.stats.ejected, 1);
});
