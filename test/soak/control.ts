// The control channel between the soak runner and the processes under test: lines of JSON over a socket of its own, since a
// process that the guardian starts has no other way to its grandparent. Both sides' messages, and the runner's side.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { PoolName } from './config.ts';
import type { Switch } from './services/switches.ts';

export type Role = 'service' | 'backend';

/** What the runner asks for. */
export type Ask =
  /** Whether all threads of the pool serve. */
  | { do: 'whole'; pool: PoolName }
  /** Ends a thread of the pool from outside; `pick`: 0 to 1, which one. */
  | { do: 'terminate'; pool: PoolName; pick: number; afterMs: number }
  | { do: 'switch'; name: Switch; value: number }
  /** Threads of pool `trapped` die by themselves, or no longer. */
  | { do: 'arm'; on: boolean }
  /** Waits, at most `withinMs`, until nothing is under way, and tells what the process holds then. */
  | { do: 'rest'; withinMs: number; connectionsMax: number };

/** What a process holds when nothing is under way. */
export interface Holdings {
  pid: number;
  /** What had not come to rest in time, in words; empty: everything had. */
  restless: string[];
  threadNumbers: number;
  threads: number;
  sockets: number;
  otherFiles: number;
  /** Heap and buffers in use after a collection, all threads, bytes; without the queues' shared memory. */
  usedBytes: number;
  residentBytes: number;
  /** Threads that died since the process started, by pool. */
  restarts: Record<string, number>;
}

export type ToProcess = { ask: number } & Ask;
export type FromProcess = { hello: Role; pid: number; seed: number } | { answer: number; value: unknown };

/** Writes one message. */
export function tell(socket: Socket, message: ToProcess | FromProcess): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls back with every message of a socket. */
export function onMessages<Message>(socket: Socket, take: (message: Message) => void): void {
  const lines = createInterface(socket);
  lines.on('line', (line) => take(JSON.parse(line) as Message));
  // A process that dies resets its connection; 'close' follows.
  lines.on('error', () => {});
  socket.on('error', () => {});
}

/** One process that has said hello. */
export class Remote {
  readonly pid: number;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  #asked = 0;

  constructor(socket: Socket, pid: number) {
    this.#socket = socket;
    this.pid = pid;
    socket.on('close', () => {
      for (const answer of this.#waiting.values()) answer(undefined);
      this.#waiting.clear();
    });
  }

  /** Resolves with the answer; with undefined when the process goes before it. */
  ask(what: Ask): Promise<unknown> {
    if (this.#socket.destroyed) return Promise.resolve(undefined);
    const ask = ++this.#asked;
    tell(this.#socket, { ask, ...what });
    return new Promise((resolve) => this.#waiting.set(ask, resolve));
  }

  onAnswer(answer: number, value: unknown): void {
    this.#waiting.get(answer)?.(value);
    this.#waiting.delete(answer);
  }
}

/** The runner's side: who has said hello and lives. */
export class Control implements Disposable {
  readonly #server: Server = createServer((socket) => this.#onSocket(socket));
  readonly #remotes = new Map<Role, Remote>();
  readonly #sockets = new Set<Socket>();
  readonly #onUp: (role: Role, remote: Remote) => void;
  readonly #onDown: (role: Role) => void;

  constructor(onUp: (role: Role, remote: Remote) => void, onDown: (role: Role) => void) {
    this.#onUp = onUp;
    this.#onDown = onDown;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** Undefined: it is not up now. */
  remote(role: Role): Remote | undefined {
    return this.#remotes.get(role);
  }

  #onSocket(socket: Socket): void {
    this.#sockets.add(socket);
    let role: Role | undefined;
    let remote: Remote | undefined;
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (role === undefined || this.#remotes.get(role) !== remote) return;
      this.#remotes.delete(role);
      this.#onDown(role);
    });
    onMessages<FromProcess>(socket, (message) => {
      if ('answer' in message) {
        remote?.onAnswer(message.answer, message.value);
        return;
      }
      role = message.hello;
      remote = new Remote(socket, message.pid);
      this.#remotes.set(role, remote);
      this.#onUp(role, remote);
    });
  }
}
