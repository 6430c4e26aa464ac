// `process` as one simulated thread sees it, global and as node:process: its own end, events, ticks, environment and time, as
// a Worker's. So nothing that a handler does to it reaches the process of the test, or the thread's next life.

import { EventEmitter } from 'node:events';
import { isBuiltin } from 'node:module';
import { threadStopped } from './failure.ts';
import type { SimThread } from './thread.ts';
import { refusal } from './unsimulated.ts';
import { withOwn } from './with-own.ts';

/** Ticks of threads that Node has still to run. */
export interface PendingTicks {
  count: number;
}

type Callback = (...values: unknown[]) => void;

/** Would be about the test's own process. */
const ofTheWhole = [
  'abort',
  'reallyExit',
  'kill',
  'chdir',
  'execve',
  'dlopen',
  'initgroups',
  'setgroups',
  'setegid',
  'seteuid',
  'setgid',
  'setuid',
  'setUncaughtExceptionCaptureCallback',
  'addUncaughtExceptionCaptureCallback',
  'setSourceMapsEnabled',
  'loadEnvFile',
  'openStdin',
] as const;

export function simProcess(thread: SimThread, ticks: PendingTicks): object {
  const own = withOwn(process, {
    ...Object.fromEntries(ofTheWhole.map((name) => [name, refusal(`process.${name}`, 'process')])),
    exitCode: undefined,
    title: process.title,
    argv: [...process.argv],
    execArgv: [...process.execArgv],
    // A thread has no parent process to talk to.
    send: undefined,
    disconnect: undefined,
    connected: undefined,
    channel: undefined,
    nextTick: (callback: Callback, ...values: unknown[]) => {
      ticks.count++;
      process.nextTick(() => {
        ticks.count--;
        thread.call(() => callback(...values));
      });
    },
    exit: (code?: number | string): never => {
      const exitCode = code ?? own.exitCode ?? 0;
      thread.call(() => events.emit('exit', exitCode));
      thread.kill(`process.exit(${code ?? ''})`);
      throw threadStopped;
    },
    hrtime: Object.assign((since?: readonly [number, number]) => hrtime(thread, since), {
      bigint: () => nowNs(thread),
    }),
    uptime: () => thread.clock.nowMs() / 1_000,
    cpuUsage: () => cpuUsage(thread),
    threadCpuUsage: () => cpuUsage(thread),
    umask: (mask?: unknown) => (mask === undefined ? process.umask() : refuseMask()),
    getBuiltinModule: (name: string) => (isBuiltin(name) ? builtinModule(thread, name) : undefined),
  });
  let env: NodeJS.ProcessEnv | undefined;
  // Reading all of it costs more than the rest of a thread's beginning, and few ask.
  Object.defineProperty(own, 'env', {
    get() {
      env ??= ownEnvironment();
      return env;
    },
    set(value: NodeJS.ProcessEnv) {
      env = value;
    },
    enumerable: true,
  });
  // Listeners of its own, and none of Node's hooks on `process`, which would watch for signals.
  (EventEmitter as unknown as (this: object) => void).call(own);
  const events = own as unknown as EventEmitter;
  thread.onCrash = (error, origin) => events.emit('uncaughtExceptionMonitor', error, origin);
  return own;
}

const refuseMask = refusal('process.umask with a mask', 'process');

/** As the environment of a Worker: a copy, of strings. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return new Proxy({ ...process.env }, { set: (env, name, value) => Reflect.set(env, name, String(value)) });
}

/** What the thread has in the place of a module of Node. */
function builtinModule(thread: SimThread, name: string): unknown {
  const module = thread.load<{ default?: unknown }>(name.startsWith('node:') ? name : `node:${name}`);
  return module.default ?? module;
}

function nowNs(thread: SimThread): bigint {
  return BigInt(Math.round(thread.clock.nowMs() * 1e6));
}

function hrtime(thread: SimThread, since: readonly [number, number] = [0, 0]): [number, number] {
  const ns = nowNs(thread) - BigInt(since[0]) * 1_000_000_000n - BigInt(since[1]);
  return [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)];
}

/** µs in which its event loop had something to do. */
function cpuUsage(thread: SimThread): { user: number; system: number } {
  return { user: Math.round(thread.utilization.active * 1_000), system: 0 };
}
