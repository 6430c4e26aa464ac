import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import { WriteBuffer } from '../../../net/client/write-buffer.ts';

/** A socket as WriteBuffer sees it: takes a write at once, or keeps it until `take`. */
class SlowSocket {
  readonly received: Buffer[] = [];
  readonly #kept: { chunk: Buffer; onTaken: () => void }[] = [];
  slow = false;

  get writableLength(): number {
    return this.#kept.reduce((sum, { chunk }) => sum + chunk.length, 0);
  }

  write(chunk: Buffer, onTaken: () => void): boolean {
    if (this.slow) this.#kept.push({ chunk, onTaken });
    // A real socket has copied the bytes when it takes them at once, and calls back a tick later.
    else this.received.push(Buffer.from(chunk));
    return !this.slow;
  }

  take(): void {
    const { chunk, onTaken } = this.#kept.shift()!;
    this.received.push(Buffer.from(chunk));
    onTaken();
  }
}

test('what is written arrives once, in order, whatever the socket takes when', (t) => {
  const step = fc.oneof(
    fc.integer({ min: 1, max: 300_000 }).map((bytes) => ({ add: bytes })),
    fc.constant({ flush: true }),
    fc.constant({ toggle: true }),
    fc.constant({ take: true }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const slow = new SlowSocket();
      const socket = slow as unknown as Socket;
      const buffer = new WriteBuffer(1_000_000);
      const onTaken = (): void => {
        if (buffer.taken(socket)) buffer.flush(socket, onTaken);
      };
      let value = 0;
      let total = 0;
      for (const step of steps) {
        if ('add' in step) {
          const at = buffer.reserve(step.add);
          t.is(buffer.position, total);
          for (let index = 0; index < step.add; index++) buffer.buffer[at + index] = value++ & 255;
          buffer.commit(at + step.add);
          total += step.add;
          t.false(buffer.isHanded(total - 1));
        } else if ('flush' in step) buffer.flush(socket, onTaken);
        else if ('toggle' in step) slow.slow = !slow.slow;
        else if (slow.writableLength > 0) slow.take();
      }
      while (buffer.pendingBytes > 0) {
        if (slow.writableLength > 0) slow.take();
        else buffer.flush(socket, onTaken);
      }
      const received = Buffer.concat(slow.received);
      t.is(received.length, total);
      t.true(received.every((byte, index) => byte === (index & 255)));
    }),
    { numRuns: 60 },
  );
});

test('has room until its bound is reached; the frame that crosses it fits', (t) => {
  const buffer = new WriteBuffer(100);
  buffer.commit(buffer.reserve(99) + 99);
  t.true(buffer.hasRoom);
  buffer.commit(buffer.reserve(5_000) + 5_000);
  t.false(buffer.hasRoom);
});

test('a real socket takes megabytes in chunks without mixing them', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const accepted = once(server, 'connection');
  const socket = connect({ host: '127.0.0.1', port });
  const [peer] = (await accepted) as [Socket];
  await once(socket, 'connect');
  const buffer = new WriteBuffer(100_000_000);
  const onTaken = (): void => {
    if (buffer.taken(socket) && buffer.flush(socket, onTaken)) socket.end();
  };
  const bytes = 5_000_000;
  const at = buffer.reserve(bytes);
  for (let index = 0; index < bytes; index++) buffer.buffer[at + index] = index % 251;
  buffer.commit(at + bytes);
  if (buffer.flush(socket, onTaken)) socket.end();
  let received = 0;
  let wrong = 0;
  for await (const chunk of peer as AsyncIterable<Buffer>) {
    for (const byte of chunk) if (byte !== received++ % 251) wrong++;
  }
  t.deepEqual({ received, wrong }, { received: bytes, wrong: 0 });
  server.close();
});
