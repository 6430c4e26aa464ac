// Filters of stand-alone clients.

import test from 'ava';
import type { ClientFilter } from '../../../index.ts';
import { Echo } from './fixtures/contract.ts';
import { type Running, start } from './rig.ts';

let running: Running;

test.before(async () => {
  running = await start(`
io: { threads: 1 }
pools: { work: { threads: 1 } }
services: { demo.Echo: { module: ./echo.ts, pool: work, listen: ["heddle://127.0.0.1:0"] } }
`);
});

test.after.always(() => running?.[Symbol.asyncDispose]());

const over = (...filters: ClientFilter[]) => running.client(Echo, { filters });

test('filters of a client change what is sent and what comes back, the first outermost', async (t) => {
  const seen: string[] = [];
  const echo = over(
    async (call, next) => {
      seen.push(`${call.fullName} of ${call.fiber}, idempotent ${call.idempotent}`);
      call.metadata.user = 'outer';
      const response = (await next()) as { text: string };
      return { ...response, text: `${response.text}, metadata ${JSON.stringify(call.metadata)}` };
    },
    (call, next) => {
      call.metadata.user += ' and inner';
      return next({ text: 'changed' });
    },
  );
  const { text, user } = await echo.say({ text: 'hi' });
  t.is(user, 'outer and inner');
  t.is(text, 'changed, metadata {"user":"outer"}', 'a filter keeps what it wrote itself');
  t.deepEqual(seen, ['demo.Echo/say of undefined, idempotent true']);
});

test('a filter that repeats hands on the same again, whatever those behind it change', async (t) => {
  const users: string[] = [];
  const echo = over(
    async (_call, next) => {
      for (let tries = 0; tries < 2; tries++) users.push(((await next()) as { user: string }).user);
      return next();
    },
    (call, next) => {
      call.metadata.user = `${call.metadata.user ?? ''}x`;
      return next();
    },
  );
  t.is((await echo.say({ text: 'hi' }, { metadata: { user: 'u' } })).user, 'ux');
  t.deepEqual(users, ['ux', 'ux']);
});

test('the caller hears of the last answer alone, and of none when a filter answers', async (t) => {
  const heard: string[] = [];
  const onReplyMetadata = (pairs: ReadonlyMap<string, string>) => heard.push(pairs.get('order')!.trim());
  await over(async (_call, next) => [await next(), await next()][1]).say({ text: 'hi' }, { onReplyMetadata });
  t.deepEqual(heard, ['handler']);
  await over(() => ({ text: '', user: '', trace: '' })).say({ text: 'hi' }, { onReplyMetadata });
  t.is(heard.length, 1);
});

test('a filter shortens a call and makes it idempotent or not', async (t) => {
  const echo = over((call, next) => {
    call.timeoutMs = 20;
    call.idempotent = false;
    call.priority = 'high';
    return next();
  });
  await t.throwsAsync(echo.say({ text: 'sleep' }), { code: 'DEADLINE_EXCEEDED' });
});

test("a signal ends the call inside of the filters; what a filter throws is a HeddleError, what it forgets is nobody's", async (t) => {
  const abort = new AbortController();
  const sleeping = over((_call, next) => next()).say({ text: 'sleep' }, { signal: abort.signal });
  abort.abort();
  await t.throwsAsync(sleeping, { code: 'CANCELLED' });
  const forgets = over((_call, next) => {
    void next({ text: 5 });
    return { text: 'forgotten', user: '', trace: '' };
  });
  t.is((await forgets.say({ text: 'hi' })).text, 'forgotten');
  const slips = over(() => {
    throw new TypeError('a slip');
  });
  const error = await t.throwsAsync(slips.say({ text: 'hi' }), { code: 'INTERNAL' });
  t.true(error?.cause instanceof TypeError);
  t.throws(() => running.client(Echo, { filters: [5 as unknown as ClientFilter] }), { code: 'INVALID_ARGUMENT' });
});
