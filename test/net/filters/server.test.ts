// Filters of a real server: around its requests, in a pool and on IO threads, and around the calls of its fibers.

import test from 'ava';
import type { ClientCallOptions, HeddleError } from '../../../index.ts';
import { Echo, EchoIo, Relay } from './fixtures/contract.ts';
import { type Wishes, wishes } from './fixtures/wishes.ts';
import { type Running, start } from './rig.ts';

const listen = 'listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"]';

let running: Running;
let said: Map<string, string>;

const own = (what: string, more: Record<string, string> = {}): ClientCallOptions => ({
  metadata: { do: what, ...more },
  onReplyMetadata: (pairs) => {
    said = new Map(pairs);
  },
});

test.before(async () => {
  running = await start(`
io: { threads: 1 }
pools: { work: { threads: 1, queue: 8192, maxNested: 6000 } }
plugins: [./filters.ts]
filters: [outer, middle, auth, signs, again, mocks, hangs, slips]
services:
  demo.Echo: { module: ./echo.ts, pool: work, ${listen}, filters: [facts, inner, times, answers, changes, retries, throws, forgets] }
  demo.EchoIo: { module: ./echo-io.ts, pool: io, ${listen}, filters: [changes, inner, retries] }
  demo.Relay: { module: ./relay.ts, pool: work, ${listen} }
`);
});

test.after.always(() => running?.[Symbol.asyncDispose]());

test.serial('filters of the process lie around those of the service, in the order of the config', async (t) => {
  const echo = running.client(Echo);
  t.is((await echo.say({ text: 'hi' }, own(''))).text, 'hi');
  t.is(said.get('order'), 'outer middle inner handler /inner /middle /outer');
  await running.client(EchoIo).say({ text: 'hi' }, own(''));
  t.is(said.get('order'), 'outer middle inner handler /inner /middle /outer', 'on an IO thread');
});

test.serial('a filter answers by itself, and what is outside of it runs all the same', async (t) => {
  t.is((await running.client(Echo).say({ text: 'hi' }, own('answers'))).text, 'from the filter');
  t.is(said.get('order'), 'outer middle inner /inner /middle /outer');
});

test.serial(
  'a filter knows the attempt, whether to repeat harms, and how deep in the process the request is',
  async (t) => {
    await running.client(Echo).say({ text: 'hi' }, { ...own('facts'), attempt: 3 });
    t.is(said.get('facts'), 'attempt 3, idempotent true, one way false, depth 0');
    t.regex((await running.client(Relay).pass({ text: 'hi' }, own('facts'))).user, /depth 1$/);
  },
);

test.serial('a filter changes the metadata that the handler sees', async (t) => {
  const { user } = await running.client(Echo).say({ text: 'hi' }, own('auth', { token: 'ada' }));
  t.is(user, 'ada@demo.Echo/say');
});

test.serial('a filter changes request and response, and still sees its own request', async (t) => {
  for (const contract of [Echo, EchoIo]) {
    const { text, user } = await running.client(contract).say({ text: 'hi' }, own('changes'));
    t.deepEqual([text, user], ['<hi!>', 'hi']);
  }
});

test.serial('a filter takes the time of what lies inside', async (t) => {
  await running.client(Echo).say({ text: 'hi' }, own('times'));
  t.true(Number(said.get('took')) > 0);
});

test.serial('a filter runs what lies inside again, as often as it likes', async (t) => {
  t.is((await running.client(Echo).say({ text: 'fail' }, own('retries'))).text, 'fail');
  t.is(said.get('tries'), '3');
  await t.throwsAsync(running.client(Echo).say({ text: 'fail' }, own('')), { code: 'UNAVAILABLE' });
  await running.client(Echo).say({ text: 'fail' }, own('retries'));
});

test.serial('a filter that refuses by metadata does so before the body is read', async (t) => {
  const url = `http://127.0.0.1:${running.port('http')}/demo.Echo/say`;
  const post = (headers: Record<string, string>) =>
    fetch(url, { method: 'POST', body: '{ no json', headers: { 'content-type': 'application/json', ...headers } });
  t.is((await post({ 'heddle-meta-do': 'auth' })).status, 401);
  t.is((await post({})).status, 400);
});

test.serial('what a filter throws or returns is judged as if the handler had', async (t) => {
  const echo = running.client(Echo);
  await t.throwsAsync(echo.say({ text: 'hi' }, own('throws')), {
    code: 'INTERNAL',
    message: /^fiber demo.Echo\/say failed; the cause is in the server log/,
  });
  await t.throwsAsync(echo.say({ text: 'hi' }, own('wrong')), {
    code: 'INTERNAL',
    message: /^the handler of demo.Echo\/say, or a filter around it, returned what its contract does not allow: /,
  });
});

test.serial('what a filter has begun and forgotten ends with the fiber and harms nobody', async (t) => {
  const echo = running.client(Echo);
  t.is((await echo.say({ text: 'hi' }, own('forgets'))).text, 'forgotten');
  t.is((await echo.say({ text: 'hi' }, own(''))).text, 'hi');
  t.is(running.server.stats().restarts, 0);
});

test.serial('filters lie around calls of fibers too, and one-way ones', async (t) => {
  const relay = running.client(Relay);
  t.is((await relay.pass({ text: 'hi' }, own('signs'))).user, 'signed by work');
  await relay.drop({ text: 'dropped' });
  const echo = running.client(Echo);
  let notes: string[] = [];
  while (notes.length === 0) notes = await echo.noted(null);
  t.deepEqual(notes, ['dropped note one way']);
});

test.serial('a filter around a call repeats it, each time as a call of its own, and sees what came back', async (t) => {
  const { text, user } = await running.client(Relay).pass({ text: 'fail' }, own('again'));
  t.is(text, 'fail after 3');
  t.is(user, 'outer middle inner handler /inner /middle /outer', 'the pairs of the last answer');
});

test.serial('a filter around a call answers by itself, and its slips are failures of the call', async (t) => {
  const relay = running.client(Relay);
  t.is((await relay.pass({ text: 'hi' }, own('mocks'))).text, 'no call');
  await t.throwsAsync(relay.pass({ text: 'hi' }, own('slips')), {
    code: 'INTERNAL',
    message: 'a filter around the call of demo.Echo/say failed; its cause says why',
  });
});

test.serial('all that a call asks for goes through the filters around it', async (t) => {
  const came: Record<keyof Wishes, RegExp> = {
    timeoutMs: /^DEADLINE_EXCEEDED$/,
    priority: /^high /,
    metadata: /^hi ada$/,
    idempotent: /idempotent false/,
    signal: /^CANCELLED$/,
    codec: /^UNIMPLEMENTED$/,
  };
  const relay = running.client(Relay);
  for (const key of Object.keys(wishes) as (keyof Wishes)[]) t.regex(await relay.wish({ text: key }), came[key], key);
});

test.serial('a fiber has as many calls under way with filters around them as without', async (t) => {
  const calls = 5_500;
  t.is(await running.client(Relay).many({ calls }), calls);
});

test.serial('a filter that never ends holds no call beyond the deadline of its fiber', async (t) => {
  t.is(await running.client(Relay).hurry({ text: 'hi' }, own('hangs')), 'DEADLINE_EXCEEDED');
});

test.serial('the deadline of a fiber ends a request whose filter goes on repeating', async (t) => {
  const { code } = (await t.throwsAsync(
    running.client(Echo).say({ text: 'sleep' }, { ...own('retries'), timeoutMs: 50 }),
  )) as HeddleError;
  t.is(code, 'DEADLINE_EXCEEDED');
});
