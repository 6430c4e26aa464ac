import test from 'ava';
import { seededRandom } from '../../../runtime/clock.ts';
import { openChannel, until } from './channel-helpers.ts';
import { type Asked, ask, type Peer, ScriptedServer, type SeenRequest } from './scripted-server.ts';

/** A server that replies, lies, cuts, goes away or says nothing, by chance. */
function moodyServer(random: () => number): Promise<ScriptedServer> {
  const waiting: { request: SeenRequest; peer: Peer }[] = [];
  return ScriptedServer.open({
    onRequest(request, peer) {
      waiting.push({ request, peer });
      const dice = random();
      if (dice < 0.01) peer.socket.destroy();
      else if (dice < 0.02) peer.goaway({ final: random() < 0.3 });
      else if (dice < 0.025) peer.socket.write('garbage');
      else if (dice < 0.03) peer.socket.end(Buffer.from([0xed, 1, 3]));
      while (waiting.length > 0 && random() < 0.6) {
        const [chosen] = waiting.splice(Math.floor(random() * waiting.length), 1);
        if (random() < 0.03) continue;
        chosen!.peer.reply(chosen!.request.id, chosen!.request.body);
        if (random() < 0.05) chosen!.peer.reply(chosen!.request.id, 'twice');
      }
    },
  });
}

for (const seed of [1, 2, 3, Math.floor(Math.random() * 2 ** 31)]) {
  test(`every call has exactly one outcome under replies, cancels, lies and losses (seed ${seed})`, async (t) => {
    const random = seededRandom(seed);
    await using one = await moodyServer(random);
    await using two = await moodyServer(random);
    const bounds = { maxInFlight: 64, connections: 2, timeoutMs: 100, backoffFirstMs: 2, backoffMaxMs: 10 };
    await using client = openChannel([one.port, two.port], bounds, { random });
    const calls: { asked: Asked; body: string; cancelled: boolean }[] = [];
    for (let round = 0; round < 300; round++) {
      for (let index = Math.floor(random() * 8); index > 0; index--) {
        const body = `${round}/${index} ${'x'.repeat(Math.floor(random() ** 4 * 20_000))}`;
        calls.push({ asked: ask(client.channel, body), body, cancelled: false });
      }
      const chosen = calls[Math.floor(random() * calls.length)];
      if (chosen !== undefined && chosen.asked.replies === 0 && !chosen.cancelled) {
        chosen.cancelled = true;
        client.channel.cancel(chosen.asked.handle);
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await until(() => client.channel.stats.inFlight === 0);
    const codes = new Map<string, number>();
    for (const { asked, body, cancelled } of calls) {
      t.is(asked.replies, cancelled ? 0 : 1);
      if (cancelled) continue;
      const { code, text } = await asked.outcome;
      if (code === 'OK') t.true(text === body);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    t.log(Object.fromEntries(codes));
    await client.channel.close();
    t.like(client.channel.stats, { inFlight: 0, waiting: 0, ready: 0, connections: 0 });
    t.is(client.host.timers.size, 0);
  });
}
