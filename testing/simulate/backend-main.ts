// The main of a simulated thread that stands for another process: it speaks the heddle protocol, and whoever made it answers.

import type { Socket } from 'node:net';
import { heddleProtocol } from '../../net/protocol/heddle/heddle-protocol.ts';
import type { Dispatcher, ProtocolHost } from '../../runtime/plugins/protocol.ts';
import type { BindingSettings } from '../../runtime/settings.ts';
import { TimerWheel } from '../../runtime/timer-wheel.ts';
import type { ThreadDoor } from '../sim/process/thread-door.ts';

const readBufferBytes = 65_536;

export interface SimBackend {
  accept(socket: Socket): void;
}

export function main({ clock, log }: ThreadDoor, dispatcher: Dispatcher, binding: BindingSettings): SimBackend {
  let toFlush: { flush(): void }[] = [];
  const flushAll = (): void => {
    const now = toFlush;
    toFlush = [];
    for (const connection of now) connection.flush();
  };
  const host: ProtocolHost = {
    dispatcher,
    compressors: [],
    clock,
    timers: new TimerWheel({ clock }),
    log,
    readBuffer: Buffer.allocUnsafeSlow(readBufferBytes),
    scheduleFlush: (connection) => {
      if (toFlush.push(connection) === 1) setImmediate(flushAll);
    },
    bookBytes: () => true,
    whenRoom: (connection) => connection.resumeReading(),
    overShare: () => undefined,
    count: () => {},
  };
  const protocol = heddleProtocol(host);
  return { accept: (socket) => void protocol.accept(socket, binding, () => {}) };
}
