// The main of a simulated process that only calls: the stand-alone client of one contract, over simulated sockets.

import { type ConnectOptions, connect } from '../../net/client/connect.ts';
import { makeHost } from '../../net/client/host.ts';
import { addBuiltInCodecs } from '../../net/codec/built-in-codecs.ts';
import type { Contract } from '../../net/service/contract.ts';
import { type ThreadDoor, thisThread } from '../sim/process/thread-door.ts';

export interface SimCaller {
  call(method: string, request: unknown, options: object | undefined): Promise<unknown>;
  close(): Promise<void>;
}

export function main(door: ThreadDoor, contract: Contract, options: ConnectOptions): SimCaller {
  thisThread.door = door;
  addBuiltInCodecs();
  const { clock, random, log, openSocket } = door;
  const client = connect(contract, { ...options, host: makeHost({ clock, random, log, openSocket }) });
  // By name: the contract's types are its caller's business.
  const methods = client as unknown as Record<string, (request: unknown, options?: object) => Promise<unknown>>;
  return {
    call: (method, request, callOptions) => methods[method]!(request, callOptions),
    close: async () => client[Symbol.asyncDispose](),
  };
}
