// An IO thread in small: protocol http on sockets that the main thread transfers, answering by echo.

import type { Socket } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { httpProtocol } from '../../../../net/protocol/http/http-protocol.ts';
import { systemClock } from '../../../../runtime/clock.ts';
import { silentLogger } from '../../../../runtime/logger.ts';
import { TimerWheel } from '../../../../runtime/timer-wheel.ts';
import { TestDispatcher, testBinding } from './rig.ts';

const port = parentPort!;
const protocol = httpProtocol({
  dispatcher: new TestDispatcher(),
  compressors: [],
  clock: systemClock,
  timers: new TimerWheel({ clock: systemClock }),
  log: silentLogger,
  readBuffer: Buffer.allocUnsafe(65_536),
  scheduleFlush: (connection) => setImmediate(() => connection.flush()),
  bookBytes: () => true,
  whenRoom: () => {},
  overShare: () => undefined,
  count: () => {},
});

port.on('message', ({ socket }: { socket: Socket }) => {
  protocol.accept(socket, { ...testBinding, readTimeoutMs: 100 }, () => port.postMessage('closed'));
});
port.postMessage('ready');
