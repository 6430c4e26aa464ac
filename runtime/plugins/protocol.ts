// Protocol: how a connection speaks, and the extension point by which a plugin adds one. One Protocol object per listener
// and IO thread; it makes one ProtocolConnection per socket, never parses a body, and hands each request to the Dispatcher.
// The built-in ones are added through the same point (plugins/protocols.ts).

import type { Socket } from 'node:net';
import type { CallCarrier, CallReply } from '../call.ts';
import type { Clock } from '../clock.ts';
import { HeddleError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { BindingSettings } from '../settings.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import type { CompressorNames } from './compressor.ts';
import type { Registry } from './registry.ts';

/** What a protocol may know of a method. */
export interface ProtocolMethod {
  readonly reads: boolean;
  readonly oneWay: boolean;
  /** Where it runs; in pool `io`, on IO threads, nothing is decompressed. */
  readonly pool?: string;
  /** Replies of at least this size are compressed for callers that take that, bytes; 0 or undefined: none. */
  readonly compressAboveBytes?: number | undefined;
}

/** Stages 4 to 6 as a protocol sees them: route, admit, queue. */
export interface Dispatcher extends CallCarrier {
  /** What the contract of a method says, for protocols that map verbs: undefined when there is no such method. */
  method(service: string, method: string): ProtocolMethod | undefined;
  /** What /healthz says: `ok`, or why not: `draining`, `down: pool ranking`. */
  readonly health: string;
}

/** What a protocol needs of its IO thread. */
export interface ProtocolHost {
  readonly dispatcher: Dispatcher;
  /** What bodies may be compressed with, the preferred one first. It is not done here: a call's head says how its body is. */
  readonly compressors: readonly CompressorNames[];
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
  /**
   * What to answer to one more request of a connection that has so many under way: there are many in the process, and
   * it has its share of them (`limits.requestsPerConnection`). It is counted as a refusal of that method then. Undefined:
   * the request may come in. One-way requests are under way too, until they have ended: give each head a `sender`, which
   * counts them.
   */
  overShare(inFlight: number, service: string, method: string): Readonly<CallReply> | undefined;
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

/** A protocol on one listener of one IO thread; what `open` returns. */
export interface Protocol {
  /**
   * Takes a fresh socket, paused and unread. `onClose` is called once, when it has closed, for whatever reason. Must not
   * throw. The protocol keeps what the binding bounds: the size of requests (`frameBytes`), its timeouts, and a peer that
   * sends more than it reads (`writeBufferBytes`).
   */
  accept(socket: Socket, binding: BindingSettings, onClose: () => void): ProtocolConnection;
  /** The thread ends; its connections are closed already. */
  close(): void;
}

/** What a plugin adds. */
export interface ProtocolDefinition {
  /** As addresses begin: `line` for `line://127.0.0.1:7100`. Unique on the thread. */
  name: string;
  /** Called once for each listener that speaks it, before sockets come; `host` is the thread as that listener sees it. */
  open(host: ProtocolHost): Protocol | PromiseLike<Protocol>;
}

/** What plugins have on IO threads. */
export interface ProtocolPoint {
  /** Throws INVALID_ARGUMENT for a wrong definition, ALREADY_EXISTS for a name that is taken. */
  protocol(definition: ProtocolDefinition): void;
}

export function protocolPoint(plugin: string, protocols: Registry<ProtocolDefinition>): ProtocolPoint {
  return {
    protocol: (definition) => {
      if (typeof definition?.open !== 'function') {
        throw new HeddleError(
          'INVALID_ARGUMENT',
          `protocol ${JSON.stringify(definition?.name)} has no open(host); it returns the protocol's { accept, close }`,
        );
      }
      protocols.add(plugin, definition);
    },
  };
}
