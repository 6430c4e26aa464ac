import test from 'ava';
import { SimNetwork } from '../../../testing/sim/network.ts';
import { Simulation } from '../../../testing/sim/simulation.ts';
import type { SimSocket } from '../../../testing/sim/socket.ts';

/** A connection, with what each side sees. */
function connected(seed: number) {
  const sim = new Simulation({ seed });
  const network = new SimNetwork(sim, { delayMsMax: 2, kernelBytesMax: 3_000 });
  const [client, server] = [sim.thread('client'), sim.thread('server')];
  const accepted: SimSocket[] = [];
  const heard: Buffer[] = [];
  const events: string[] = [];
  network.listen('10.0.0.1:70', () => ({
    thread: server,
    accept: (socket) => {
      accepted.push(socket);
      socket.allowHalfOpen = true;
      socket.on('data', (bytes: Buffer) => heard.push(Buffer.from(bytes)));
      for (const event of ['end', 'error', 'close']) socket.on(event, () => events.push(event));
      socket.resume();
    },
  }));
  const buffer = Buffer.alloc(100);
  const read: Buffer[] = [];
  const open = (port: number, begin: (socket: SimSocket) => void): void => {
    client.post('start', 'connects', () => {
      const onread = { buffer, callback: (bytes: number) => read.push(Buffer.from(buffer.subarray(0, bytes))) > 0 };
      const socket = network.open(client, '10.0.0.1', port, onread);
      for (const event of ['connect', 'error', 'end', 'close']) socket.on(event, () => events.push(`client ${event}`));
      begin(socket);
    });
  };
  return { sim, network, client, server, accepted, heard, events, read, open };
}

test('bytes arrive in order and whole, however they are cut', async (t) => {
  for (let seed = 1; seed <= 10; seed++) {
    const { sim, open, heard, read, accepted } = connected(seed);
    const sent = Buffer.from(Array.from({ length: 20_000 }, (_, at) => at % 251));
    open(70, (socket) => {
      socket.write(sent.subarray(0, 7_000));
      socket.write(sent.subarray(7_000));
    });
    await sim.run(() => Buffer.concat(heard).length === sent.length);
    t.deepEqual(Buffer.concat(heard), sent);
    sim.threads[1]!.post('answer', 'answers', () => accepted[0]!.write(Buffer.from('yes')));
    await sim.run(() => read.length > 0 && Buffer.concat(read).length === 3);
    t.is(Buffer.concat(read).toString(), 'yes');
  }
});

test('a peer that does not read makes its writer wait', async (t) => {
  const { sim, open, accepted, client } = connected(1);
  let socket: SimSocket | undefined;
  open(70, (opened) => {
    socket = opened;
  });
  await sim.run(() => accepted.length === 1);
  accepted[0]!.pause();
  client.post('write', 'writes', () => socket!.write(Buffer.alloc(10_000)));
  sim.after(50, () => {});
  await sim.run(() => socket!.bytesWritten === 10_000);
  t.true(socket!.writableLength >= 7_000);
});

test('nobody listens: refused', async (t) => {
  const { sim, open, events } = connected(1);
  open(71, () => {});
  await sim.run(() => events.includes('client close'));
  t.deepEqual(events, ['client error', 'client close']);
});

test('a thread that dies ends its connections', async (t) => {
  const { sim, open, events, accepted, client } = connected(1);
  open(70, () => {});
  await sim.run(() => accepted.length === 1 && events.includes('client connect'));
  client.kill('the test says so');
  await sim.run(() => events.includes('end'));
  t.deepEqual(events, ['client connect', 'end']);
});

test('a reset is seen by both sides', async (t) => {
  const { sim, network, open, events, accepted } = connected(1);
  open(70, () => {});
  await sim.run(() => accepted.length === 1 && events.includes('client connect'));
  for (const connection of network.connections) connection.reset();
  await sim.run(() => events.length === 5);
  t.deepEqual(events.sort(), ['client close', 'client connect', 'client error', 'close', 'error']);
});
