// The scenario `connections`: real servers, few connections; what it measures is nobody's business here.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import test from 'ava';
import { connectAs } from '../../bench/scenarios/connections/client.ts';
import { Crowd } from '../../bench/scenarios/connections/crowd.ts';
import { Line } from '../../bench/scenarios/connections/line.ts';
import { body, messageOf } from '../../bench/scenarios/connections/message.ts';

/** Sends back what comes, byte for byte but for `answer`. */
async function echo(answer = (chunk: Buffer): Buffer => chunk) {
  const server = createServer((socket) => {
    socket.on('data', (chunk: Buffer) => socket.write(answer(chunk)));
    socket.on('error', () => socket.destroy());
    sockets.push(socket);
  });
  const sockets: { destroy(): void }[] = [];
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, sockets, end };
}

test('all that are spoken to send and get the same body', (t) => {
  for (const speech of ['heddle', 'http', 'echo'] as const) {
    t.true(messageOf(speech).subarray(-body.length).equals(body), speech);
  }
});

test('an answer that is not what was sent is a failed call', async (t) => {
  let isFirst = true;
  const { port, end } = await echo((chunk) => {
    const answer = isFirst ? chunk : Buffer.alloc(chunk.length);
    isFirst = false;
    return answer;
  });
  const line = new Line({ port, message: body, onLost: () => {} });
  await line.call();
  await t.throwsAsync(line.call(), { message: /the answer is not what was sent/ });
  line.close();
  end();
});

test('a crowd is up when each of it was answered, and says when one is lost', async (t) => {
  const { port, sockets, end } = await echo();
  await using crowd = await Crowd.open({ port, speech: 'echo', count: 20, atOnce: 4, stay: true });
  t.is(sockets.length, 20);
  t.true(crowd.tookMs > 0);
  const lost = crowd.lost();
  sockets[7]!.destroy();
  t.regex((await lost).message, /^an idle connection was lost: /);
  end();
});

test('a busy client whose idle connections are lost measures nothing any more', async (t) => {
  const { port, sockets, end } = await echo();
  const client = await connectAs('echo', {
    scenario: 'connections',
    port,
    connections: 2,
    inFlight: 2,
    params: { idle: 3 },
  });
  await client.call('call');
  t.is(sockets.length, 5);
  sockets[4]!.destroy();
  await t.throwsAsync(
    async () => {
      for (;;) await client.call('call');
    },
    { message: /an idle connection was lost/ },
  );
  await client.close();
  end();
});

test('nobody to connect to is said at once', async (t) => {
  const { port, end } = await echo();
  end();
  await t.throwsAsync(Crowd.open({ port, speech: 'echo', count: 2, atOnce: 1, stay: true }), {
    message: /the crowd of idle connections: .*ECONNREFUSED/,
  });
});
