// Many calls over backends that answer, fail, lie and hang by chance: each settles once, within its deadline, with its own
// answer or an error; and what must not run twice is sent once.

import test from 'ava';
import { ClientChannel } from '../../../net/client/channel.ts';
import { makeHost } from '../../../net/client/host.ts';
import { checkOptions } from '../../../net/client/options.ts';
import { RetryPolicy } from '../../../net/client/retry-policy.ts';
import { type CallReceiver, type OutgoingCall, startCall } from '../../../net/client/stub.ts';
import { bytes } from '../../../net/codec/bytes-codec.ts';
import { method, service } from '../../../net/service/contract.ts';
import { seededRandom } from '../../../runtime/clock.ts';
import type { HeddleError } from '../../../runtime/errors.ts';
import { until } from './channel-helpers.ts';
import { replyFrame, ScriptedServer } from './scripted-server.ts';

const Echo = service('demo.Echo', { read: method(bytes(), { reads: true }), write: method(bytes()) });

class Outcome implements CallReceiver {
  readonly body: string;
  readonly deadlineMs: number;
  readonly nowMs: () => number;
  call: OutgoingCall | undefined;
  cancelled = false;
  told = 0;
  value: string | undefined;
  error: HeddleError | undefined;
  lateMs = 0;

  constructor(body: string, deadlineMs: number, nowMs: () => number) {
    this.body = body;
    this.deadlineMs = deadlineMs;
    this.nowMs = nowMs;
  }

  onResponse(value: unknown): void {
    this.told++;
    this.value = String(value);
    this.lateMs = this.nowMs() - this.deadlineMs;
  }

  onFailure(error: HeddleError): void {
    this.told++;
    this.error = error;
    this.lateMs = this.nowMs() - this.deadlineMs;
  }
}

/** One in `oneIn` requests goes wrong, each time in another way. */
function flakyServer(random: () => number, oneIn: number, sendings: Map<string, number>): Promise<ScriptedServer> {
  return ScriptedServer.open({
    onRequest({ id, method: name, body }, peer) {
      if (name === 'write') sendings.set(body, (sendings.get(body) ?? 0) + 1);
      const what = random() * oneIn < 1 ? Math.floor(random() * 7) : -1;
      if (what === 0) peer.socket.destroy();
      else if (what === 1) peer.socket.write('garbage that is no frame at all');
      else if (what === 2) peer.socket.end(replyFrame(id, body).subarray(0, 1 + Math.floor(random() * 30)));
      else if (what === 3) peer.error(id, 'UNAVAILABLE', 'away', 'if-idempotent');
      else if (what === 4) peer.goaway();
      else if (what !== 5) peer.reply(id, body);
    },
  });
}

for (const seed of [1, 2, Math.floor(Math.random() * 2 ** 31)]) {
  for (const oneIn of [50, 3]) {
    test.serial(`each call settles once when one in ${oneIn} requests goes wrong (seed ${seed})`, async (t) => {
      t.timeout(60_000);
      const random = seededRandom(seed);
      const sendings = new Map<string, number>();
      await using one = await flakyServer(random, oneIn, sendings);
      await using two = await flakyServer(random, oneIn, sendings);
      await using three = await flakyServer(random, 1e9, sendings);
      const host = makeHost({ random });
      const addresses = [one, two, three].map(({ port }) => ({ host: '127.0.0.1', port }));
      const bounds = { backoffFirstMs: 2, backoffMaxMs: 10, ejectForMs: 30, ejectMaxMs: 100 };
      const options = checkOptions({
        addresses,
        timeoutMs: 2_000,
        attemptTimeoutMs: oneIn === 50 ? 400 : 60,
        ...bounds,
      });
      const channel = new ClientChannel(host, options);
      const retry = new RetryPolicy(host, options);
      const outcomes: Outcome[] = [];
      for (let round = 0; round < 100; round++) {
        for (let index = 0; index < 6; index++) {
          const name = index % 3 === 0 ? 'write' : 'read';
          const outcome = new Outcome(`${name} ${round}/${index}`, host.clock.nowMs() + 2_000, () =>
            host.clock.nowMs(),
          );
          outcomes.push(outcome);
          outcome.call = startCall(channel, Echo[name], Buffer.from(outcome.body), { retry }, outcome);
        }
        const chosen = outcomes[Math.floor(random() * outcomes.length * 4)];
        if (chosen?.told === 0) {
          chosen.cancelled = true;
          chosen.call!.cancel();
        }
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      await until(() => outcomes.every(({ told, cancelled }) => told > 0 || cancelled));
      const codes: Record<string, number> = {};
      for (const { body, told, cancelled, value, error, lateMs } of outcomes) {
        t.is(told, cancelled ? 0 : 1, body);
        if (cancelled) continue;
        if (error === undefined) t.is(value, body);
        const key = `${body.slice(0, 5).trim()} ${error?.code ?? 'OK'}`;
        codes[key] = (codes[key] ?? 0) + 1;
        t.true(lateMs < 1_000, `${body}: ${lateMs} ms after its deadline`);
      }
      for (const [body, count] of sendings) t.is(count, 1, body);
      t.log(codes, channel.stats);
      if (oneIn === 50) t.is(Object.keys(codes).filter((key) => key.startsWith('read') && key !== 'read OK').length, 0);
      retry.close();
      await channel.close();
      t.is(host.timers.size, 0);
    });
  }
}
