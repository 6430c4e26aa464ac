// Laws of naming in a process: which threads watch, where calls go, what a thread that can't start says.

import test from 'ava';
import { startRig } from '../../faults/rig.ts';
import { event, newKey, unawaited } from '../../spine/events.ts';
import { rejection } from '../../spine/rejection.ts';
import { Relay } from '../../spine/services/contracts.ts';
import { becomes, startBack, targetOf } from '../traffic/servers.ts';

const yaml = (probe: string, work: string, via: string): string => `
io: { threads: 1 }
pools: { front: { threads: 1 } }
plugins: [../../net/naming/fixtures/naming.ts]
services:
  test.Relay: { module: ../../spine/services/relay.ts, pool: front, listen: ["heddle://127.0.0.1:0"] }
clients:
  test.Probe: { target: "${probe}", via: ${via} }
  test.Work: { target: "${work}", timeout: 400ms }
`;

for (const via of ['io', 'caller']) {
  test.serial(
    `via: ${via}: the threads that own the connections watch, and calls go where the naming says`,
    async (t) => {
      const key = newKey();
      await using back = await startBack();
      const rig = await startRig(
        yaml(`text://${targetOf(back).slice('heddle://'.length)}#${key}`, 'silent://work', via),
      );
      const relay = rig.client(Relay, { maxAttempts: 1 });
      t.is((await relay.greet({ name: 'Ada' })).text, 'hello Ada');
      await event(key, 'io watches test.Probe');
      if (via === 'caller') await event(key, 'cpu watches test.Probe');
      // On a busy machine the caller's own timer, which knows no reason, may come first.
      const silent = () => rejection(relay.sleep({ key: newKey(), ms: 1 }));
      const says =
        /^test\.Work\/sleep: no connection within \d+ ms: naming silent has not answered yet where silent:\/\/work is$/;
      await becomes('the reason', async () => {
        const { code, message } = await silent();
        t.is(code, 'DEADLINE_EXCEEDED');
        return says.test(message);
      });
      await rig[Symbol.asyncDispose]();
      for (const thread of via === 'caller' ? ['io', 'cpu'] : ['io']) await event(key, `${thread} ends`);
      for (const thread of ['io', 'cpu']) await event('naming', `${thread} disposed`);
      t.deepEqual(unawaited(key), []);
    },
  );
}

test.serial('a scheme that no plugin adds fails the start with the nearest one', async (t) => {
  await t.throwsAsync(startRig(yaml('texts://x', 'silent://work', 'io')), {
    code: 'FAILED_PRECONDITION',
    message:
      'clients.test.Probe.target: no plugin adds the naming "texts" on this thread; there is text, silent, throws; did you mean text?',
  });
});

test.serial('a naming that does not take its target fails the start', async (t) => {
  await t.throwsAsync(startRig(yaml('throws://x', 'silent://work', 'io')), {
    code: 'FAILED_PRECONDITION',
    message: 'clients.test.Probe.target: naming throws does not take throws://x: nothing is called x',
  });
});
