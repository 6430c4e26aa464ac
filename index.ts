// The public API of Heddle: what a service, its contract and its callers import from 'heddle'.

export { connect } from './net/client/connect.ts';
export { avro } from './net/codec/avro-codec.ts';
export { bytes } from './net/codec/bytes-codec.ts';
export { json } from './net/codec/json-codec.ts';
export { type Contract, method, service } from './net/contract.ts';
export { implement } from './net/implement.ts';
export { Server, type ServerOptions, type ServerStats } from './net/server.ts';
export { type ErrorCode, errorCodes, HeddleError, type RetryHint } from './runtime/errors.ts';
export { Channel } from './runtime/fiber/channel.ts';
export { Condition } from './runtime/fiber/condition.ts';
export type {
  CallOptions,
  ChildFiber,
  FiberContext,
  FiberState,
  OffloadOptions,
  SpawnOptions,
  Task,
} from './runtime/fiber/context.ts';
export { currentFiber } from './runtime/fiber/current-fiber.ts';
export { fiberLocal } from './runtime/fiber/fiber-local.ts';
export { Latch } from './runtime/fiber/latch.ts';
export { Mutex } from './runtime/fiber/mutex.ts';
export { RwLock } from './runtime/fiber/rw-lock.ts';
export { Semaphore } from './runtime/fiber/semaphore.ts';
export { task } from './runtime/fiber/task.ts';
