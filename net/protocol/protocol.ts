// Protocol: how a connection speaks. One object per protocol and IO thread; it makes one Connection per socket. It
// lives on IO threads only, never parses a body, and hands each request to the Dispatcher.

import type { Socket } from 'node:net';
import type { CallCarrier } from '../../runtime/call.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { BindingSettings } from '../../runtime/settings.ts';
import type { TimerWheel } from '../../runtime/timer-wheel.ts';

/** Stages 4 to 6 as a protocol sees them: route, admit, queue. */
export interface Dispatcher extends CallCarrier {
  /** What the contract of a method says, for protocols that map verbs: undefined when there is no such method. */
  method(service: string, method: string): { reads: boolean; oneWay: boolean } | undefined;
  /** What /healthz says: `ok`, or why not: `draining`, `down: pool ranking`. */
  readonly health: string;
}

/** What a protocol needs of its IO thread. */
export interface ProtocolHost {
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly timers: TimerWheel;
  readonly log: Logger;
  /** The thread's one read buffer (64 KiB): valid during a read callback, shared by all its sockets. */
  readonly readBuffer: Buffer;
  /**
   * Asks for `flush` at the end of this turn of the event loop; a connection asks once until it is flushed. This is what
   * makes one write per connection per turn.
   */
  scheduleFlush(connection: { flush(): void }): void;
  /**
   * Books bytes that this thread holds for requests half read and replies not yet sent (negative: gives back). True
   * while the thread is within its budget (`io.memory`); at false a connection stops reading until `whenRoom` calls.
   */
  bookBytes(bytes: number): boolean;
  whenRoom(connection: { resumeReading(): void }): void;
  /** Counts something by name, for logs and metrics: `malformed`, `read-timeout`, `peer-gone` … */
  count(event: string): void;
}

/** One accepted connection of a protocol. */
export interface ProtocolConnection {
  /** Nothing in flight, nothing half read, nothing unsent. */
  readonly idle: boolean;
  /** Step 2 of a stop: tell the peer that nothing new is taken (GOAWAY, `connection: close`); what runs goes on. */
  drain(): void;
  /** Closes now; what is in flight is cancelled. */
  destroy(): void;
}

export interface Protocol {
  readonly name: 'heddle' | 'http';
  /** Takes a fresh socket. `onClose` is called once, when it has closed, for whatever reason. */
  accept(socket: Socket, binding: BindingSettings, onClose: () => void): ProtocolConnection;
  close(): void;
}

export type ProtocolFactory = (host: ProtocolHost) => Protocol;
