import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { z } from 'zod';
import { connect } from '../../../net/client/connect.ts';
import { json } from '../../../net/codec/json-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { replyFrameOf, ScriptedServer, type SeenRequest } from './scripted-server.ts';

const Search = service('movies.Search', {
  search: method(
    json(z.object({ text: z.string(), limit: z.number().default(10) }), z.object({ films: z.array(z.string()) })),
    {
      reads: true,
    },
  ),
  forget: method(json(z.object({ text: z.string() })), { oneWay: true }),
});

const Door = service('demo.Door', {
  close: method(json(z.object({ which: z.string() }), z.object({ closed: z.string() }))),
});

/** Answers each request with JSON. */
function answering(answer: (request: SeenRequest) => unknown): Promise<ScriptedServer> {
  return ScriptedServer.open({
    onRequest: (request, peer) => peer.socket.write(replyFrameOf(request.id, JSON.stringify(answer(request)), 1)),
  });
}

const targetOf = (server: ScriptedServer): string => `heddle://127.0.0.1:${server.port}`;

test('a client has the methods of its contract, typed', async (t) => {
  await using server = await answering(({ body }) => ({ films: [JSON.parse(body).text] }));
  await using client = connect(Search, { target: targetOf(server) });
  const { films } = await client.search({ text: 'heat' });
  const typed: string[] = films;
  t.deepEqual(typed, ['heat']);
  // @ts-expect-error a number is no text
  const wrongRequest = (): unknown => client.search({ text: 1 });
  // @ts-expect-error there is no such method
  const wrongMethod = (): unknown => client.find({ text: 'heat' });
  t.is(typeof wrongRequest, typeof wrongMethod);
});

test('says in the head what the call says: method, idempotent by contract, priority, timeout', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = connect(Search, { target: targetOf(server) });
  void client.search({ text: 'heat' }, { timeoutMs: 5_000, priority: 'high', attempt: 2 }).catch(() => {});
  const request = await (await server.peer()).request();
  t.like(request, { service: 'movies.Search', method: 'search', flags: 2, attempt: 2 });
  t.true(request.budgetUs <= 5_000_000 && request.budgetUs > 3_000_000);
});

test('an aborted call rejects with CANCELLED and the server gets CANCEL', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = connect(Search, { target: targetOf(server) });
  const abort = new AbortController();
  const asked = client.search({ text: 'heat' }, { signal: abort.signal });
  const peer = await server.peer();
  const { id } = await peer.request();
  abort.abort();
  t.like(await t.throwsAsync(asked, { instanceOf: HeddleError }), { code: 'CANCELLED' });
  t.is(await peer.cancel(), id);
});

test('a one-way method resolves once the request is handed on', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = connect(Search, { target: targetOf(server) });
  t.is(await client.forget({ text: 'heat' }), undefined);
  t.is(await client.search({ text: 'also without an answer' }, { oneWay: true }), undefined);
  const peer = await server.peer();
  t.is((await peer.request()).method, 'forget');
  t.is((await peer.request()).method, 'search');
});

test('a call with a wrong option rejects, saying what is allowed', async (t) => {
  await using server = await ScriptedServer.open();
  await using client = connect(Search, { target: targetOf(server) });
  await t.throwsAsync(client.search({ text: '' }, { timeoutMs: 0 }), {
    message: /timeoutMs of a call must be above 0/,
  });
  await t.throwsAsync(client.search({ text: '' }, { priority: 'urgent' as 'high' }), { message: /high, normal, low/ });
  await t.throwsAsync(client.search({ text: '' }, { metadata: { 'Bad Key': '' } }), { message: /metadata key/ });
});

test('a client with a wrong option is not made', (t) => {
  const make = (options: object) => () => connect(Search, options as { target: string });
  t.throws(make({ target: '127.0.0.1:7000' }), { message: /heddle:\/\// });
  t.throws(make({ target: 'heddle://127.0.0.1:7000', timeout: 3 }), {
    message: /there is no option timeout; .*timeoutMs/,
  });
});

test('after close every call rejects, and close may be called again', async (t) => {
  await using server = await ScriptedServer.open();
  const client = connect(Search, { target: targetOf(server) });
  await client.close();
  await client.close();
  t.like(await t.throwsAsync(client.search({ text: 'heat' })), { code: 'FAILED_PRECONDITION' });
});

test("a contract's own method named close keeps its name", async (t) => {
  await using server = await answering(({ body }) => ({ closed: JSON.parse(body).which }));
  await using client = connect(Door, { target: targetOf(server) });
  t.deepEqual(await client.close({ which: 'front' }), { closed: 'front' });
});

test('a script that awaited its calls ends by itself, without close; one that waits is kept alive', async (t) => {
  await using server = await answering(() => ({ films: ['Heat'] }));
  const from = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
    import { connect } from ${from('../../../net/client/connect.ts')};
    import { json } from ${from('../../../net/codec/json-codec.ts')};
    import { method, service } from ${from('../../../net/service/contract.ts')};
    const Search = service('movies.Search', { search: method(json(z.object({ text: z.string() }), z.object({ films: z.array(z.string()) }))) });
    const client = connect(Search, { target: '${targetOf(server)}' });
    console.log((await client.search({ text: 'heat' })).films[0]);
    console.log((await client.search({ text: 'heat' })).films[0]);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 60_000,
  });
  t.is(stdout, 'Heat\nHeat\n');
});
