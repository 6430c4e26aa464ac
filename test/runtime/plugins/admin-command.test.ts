// The extension point adminCommand: what it checks, bounds and names.

import test from 'ava';
import { systemClock } from '../../../runtime/clock.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { type AdminCommand, adminCommandPoint, type ListedCommand } from '../../../runtime/plugins/admin-command.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

const call = { query: new URLSearchParams('n=3'), body: undefined };

function listed(part: Partial<AdminCommand>, clock = systemClock): ListedCommand {
  const found: ListedCommand[] = [];
  const { adminCommand } = adminCommandPoint('films', (command) => found.push(command), clock);
  adminCommand({ path: '/hot', verb: 'GET', summary: 'x', run: () => 'hot', ...part });
  return found[0]!;
}

test('a command comes into the list, and its answer is what run gives', async (t) => {
  const command = listed({ run: async ({ query }) => [query.get('n')] });
  t.like(command, { path: '/hot', verb: 'GET', summary: 'x' });
  t.deepEqual(await command.run(call), ['3']);
});

const refused = test.macro({
  exec(t, part: object, reason: RegExp) {
    const error = t.throws(() => listed(part), { instanceOf: HeddleError, code: 'INVALID_ARGUMENT' });
    t.regex(error!.message, reason);
  },
  title: (title) => `refuses ${title}`,
});
test(
  'a verb that is none',
  refused,
  { verb: 'PUT' },
  /^admin command "\/hot": its verb must be GET or POST, not "PUT"/,
);
test('no path', refused, { path: 5 }, /its path must be a text such as/);
test('a summary of two lines', refused, { summary: 'a\nb' }, /its summary must be one line/);
test('no run', refused, { run: undefined }, /it has no run\(call\)/);
test('no bound', refused, { timeoutMs: Number.POSITIVE_INFINITY }, /timeoutMs must be above 0 and at most 60000/);

test('a command that does not answer is DEADLINE_EXCEEDED, and its signal is aborted', async (t) => {
  const clock = new VirtualClock();
  let signal: AbortSignal | undefined;
  const command = listed(
    {
      timeoutMs: 50,
      run: (given) => {
        signal = given.signal;
        return new Promise(() => {});
      },
    },
    clock,
  );
  const running = t.throwsAsync(command.run(call), { code: 'DEADLINE_EXCEEDED' });
  await clock.advance(49);
  t.false(signal!.aborted);
  await clock.advance(1);
  t.is((await running)!.message, 'GET /hot did not answer within 50 ms');
  t.true(signal!.aborted);
});

test('a HeddleError passes through; anything else is INTERNAL with the plugin and the text', async (t) => {
  const own = listed({
    run: () => {
      throw new HeddleError('NOT_FOUND', 'no such film');
    },
  });
  await t.throwsAsync(own.run(call), { code: 'NOT_FOUND', message: 'no such film' });
  const broken = listed({ run: () => Promise.reject(new TypeError('x is undefined')) });
  const error = await t.throwsAsync(broken.run(call), { code: 'INTERNAL' });
  t.is(error!.message, 'GET /hot of plugin films failed: TypeError: x is undefined');
});
