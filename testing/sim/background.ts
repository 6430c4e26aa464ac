// What Node does on threads of its own, which the whole process shares: zlib and the slow parts of crypto. A simulated thread
// has it done at once, by the form that Node has for that, and hears of it as a task of its own, a little later and in an
// order that the seed draws.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Namespace } from './module-factory.ts';
import type { SimThread } from './thread.ts';
import { functionsOf, hasSync, refusals } from './unsimulated.ts';
import { moduleWithOwn } from './with-own.ts';

export type Compute = (...values: never[]) => unknown;
type Done = (error: unknown, value?: unknown) => void;

/** How long it takes at most, virtual ms. */
const lastsMsMax = 0.5;

/** Calls back with what `compute` returns or throws. It is called now: what it reads may change meanwhile. */
export function inBackground(thread: SimThread, label: string, compute: () => unknown, done: Done): void {
  const outcome = outcomeOf(compute);
  const tell = AsyncLocalStorage.bind(done);
  thread.setTimer(thread.world.draws.within(0, lastsMsMax), () => tell(...outcome), label);
}

function outcomeOf(compute: () => unknown): [error: unknown, value?: unknown] {
  try {
    return [null, compute()];
  } catch (error) {
    return [error];
  }
}

export function promised<Value>(thread: SimThread, label: string, compute: () => Value): Promise<Value> {
  return new Promise((resolve, reject) => {
    inBackground(thread, label, compute, (error, value) => {
      if (error === null) resolve(value as Value);
      else reject(error);
    });
  });
}

/**
 * A function of Node whose last value may be a callback, by its form that answers at once. Without a callback it is the
 * native one, which answers or complains.
 */
export function withCallback(thread: SimThread, label: string, native: Compute, atOnce: Compute): Compute {
  return (...values: unknown[]): unknown => {
    const done = values.at(-1);
    if (typeof done !== 'function') return native(...(values as never[]));
    inBackground(thread, label, () => atOnce(...(values.slice(0, -1) as never[])), done as Done);
    return undefined;
  };
}

/** Functions of a module that call back and have a form that does not. */
export function backgroundFunctions(thread: SimThread, module: string): Record<string, Compute> {
  const native = process.getBuiltinModule(module) as Record<string, Compute>;
  const names = functionsOf(module).filter((name) => hasSync(module, name));
  return Object.fromEntries(
    names.map((name) => [name, withCallback(thread, name, native[name]!, native[`${name}Sync`]!)]),
  );
}

const compressing = /^(?:create)?(?:Deflate|Inflate|Gzip|Gunzip|Unzip|Brotli|Zstd|Zip)/;

/** node:zlib: whole buffers; streams are refused. */
export function backgroundZlib(thread: SimThread): Namespace {
  const module = 'node:zlib';
  const streams = functionsOf(module).filter((name) => compressing.test(name) && !name.endsWith('Sync'));
  return moduleWithOwn(process.getBuiltinModule(module), {
    ...backgroundFunctions(thread, module),
    ...refusals(`${module}, `, [...streams, 'zipFiles'], 'streams'),
  });
}
