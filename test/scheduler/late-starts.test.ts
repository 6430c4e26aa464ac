// Real requests on real threads: those that are due first run first, and those that cannot finish do not run.

import test, { type ExecutionContext } from 'ava';
import { runsMin } from '../../scheduler/method-times.ts';
import { comesToRest, type Rig, startRig } from '../faults/rig.ts';
import { Inline, Side, Work } from '../faults/services/contracts.ts';

let rig: Rig;
test.before(async () => {
  rig = await startRig(`
io: { threads: 1 }
pools: { work: { threads: 1 } }
services:
  faults.Work: { module: ./work.ts, pool: work, listen: ["heddle://127.0.0.1:0"] }
  faults.Inline: { module: ./inline.ts, pool: io, listen: ["heddle://127.0.0.1:0"] }
  faults.Side: { module: ./side.ts, pool: work, startLate: true, listen: ["heddle://127.0.0.1:0"] }
`);
});
test.after.always(async (t) => {
  await comesToRest(t as ExecutionContext, rig.server);
  await rig[Symbol.asyncDispose]();
});

test.serial('of the requests that wait for a thread, the one that is due first runs first', async (t) => {
  const client = rig.client(Work);
  const order: string[] = [];
  const call = (text: string, timeoutMs: number, spinMs: number) =>
    client.echo({ id: 1, text, sleepMs: 0, spinMs }, { timeoutMs }).then(() => order.push(text));
  await call('first', 20_000, 0);
  order.length = 0;
  // Sent together: while the first one spins, at the latest, the others come to lie in the queue.
  await Promise.all([
    call('spins', 3_000, 300),
    call('late 1', 20_000, 2),
    call('late 2', 20_000, 2),
    call('soon', 5_000, 2),
    call('late 3', 20_000, 2),
    call('sooner', 4_000, 2),
  ]);
  t.deepEqual(order.slice(0, 3), ['spins', 'sooner', 'soon']);
  // As good as equally urgent; a caller that was interrupted while it sent them has given one less time.
  t.deepEqual(order.slice(3).toSorted(), ['late 1', 'late 2', 'late 3']);
});

async function lateCalls(t: ExecutionContext, call: (timeoutMs: number) => Promise<unknown>): Promise<string[]> {
  await Promise.all(Array.from({ length: 2 * runsMin }, () => call(20_000)));
  const failures = await Promise.all(
    Array.from({ length: 20 }, () =>
      call(200).then(
        () => 'answered',
        (reason: { code: string; message: string }) => {
          t.is(reason.code, 'DEADLINE_EXCEEDED');
          return reason.message;
        },
      ),
    ),
  );
  return failures.filter((message) => message.includes('was not started'));
}

test.serial(
  'a request with less time left than its method takes is refused at once, on CPU and IO threads',
  async (t) => {
    const request = { id: 1, text: 'late', sleepMs: 400, spinMs: 0 };
    const count = (): number => rig.server.supervisor.counters.total('not-started');
    const [work, side, inline] = [rig.client(Work), rig.client(Side), rig.client(Inline)];
    const sentences = await lateCalls(t, (timeoutMs) => work.echo(request, { timeoutMs }));
    t.true(sentences.length > 10, `${sentences.length} of 20`);
    t.regex(sentences[0]!, /faults\.Work\/echo was not started: [\d.]+ ms of its time are left.* it has not run/);
    t.is(count(), sentences.length);
    const onIo = await lateCalls(t, (timeoutMs) => inline.echo(request, { timeoutMs }));
    t.true(onIo.length > 10, `${onIo.length} of 20`);
    t.deepEqual(await lateCalls(t, (timeoutMs) => side.echo(request, { timeoutMs })), []);
    t.is(count(), sentences.length + onIo.length);
  },
);
