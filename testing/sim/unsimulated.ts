// What of Node simulated threads may not use: sockets, files that are read meanwhile, processes. Their answers come when the
// machine likes, which no seed can say again, and virtual time would not wait for them. To load such modules is fine, since
// much code imports what it does not use; to call them throws, and says what to do instead. What reads at once
// (`readFileSync`) works.

import { HeddleError } from '../../runtime/errors.ts';
import type { Namespace } from './module-factory.ts';

const advice = {
  network:
    'name the other side in `clients` of heddle.yaml, call it by fiber.call, and give simulate() a backend that stands for it',
  files: 'read what a service needs by readFileSync when its module is loaded',
  processes: 'put it behind a service, and give simulate() a backend that stands for it',
} as const;

/** Modules, and their functions and classes that are refused. */
const refused: readonly (readonly [module: string, why: keyof typeof advice, names: readonly string[]])[] = [
  ['node:net', 'network', ['connect', 'createConnection', 'createServer', 'Socket', 'Server']],
  ['node:tls', 'network', ['connect', 'createServer', 'TLSSocket', 'Server']],
  ['node:http', 'network', ['request', 'get', 'createServer', 'Server']],
  ['node:https', 'network', ['request', 'get', 'createServer', 'Server']],
  ['node:http2', 'network', ['connect', 'createServer', 'createSecureServer']],
  ['node:dgram', 'network', ['createSocket']],
  ['node:child_process', 'processes', ['exec', 'execFile', 'fork', 'spawn']],
  ['node:cluster', 'processes', ['fork']],
];

/** In the place of modules of Node, on all threads. */
export const unsimulatedModules: ReadonlyMap<string, Namespace> = new Map([
  ...refused.map(([module, why, names]) => [module, without(module, names, why)] as const),
  ['node:fs', withoutFiles()],
  ['node:fs/promises', without('node:fs/promises', functionsOf('node:fs/promises'), 'files')],
]);

/** In the place of global names. */
export const unsimulatedGlobals = {
  fetch: refusal('fetch', 'network'),
  WebSocket: refusal('WebSocket', 'network'),
  EventSource: refusal('EventSource', 'network'),
} as const;

function without(module: string, names: readonly string[], why: keyof typeof advice): Namespace {
  const native = process.getBuiltinModule(module) as object;
  const own = Object.create(native) as Namespace;
  for (const name of names) define(own, name, refusal(`${name} of ${module}`, why));
  define(own, 'default', own);
  return own;
}

/** Whatever has a form that waits for nobody. */
function withoutFiles(): Namespace {
  const waiting = functionsOf('node:fs').filter(hasSync);
  const own = without('node:fs', [...waiting, 'createReadStream', 'createWriteStream', 'watch', 'watchFile'], 'files');
  define(own, 'promises', without('node:fs/promises', functionsOf('node:fs/promises'), 'files'));
  return own;
}

function hasSync(name: string): boolean {
  return `${name}Sync` in (process.getBuiltinModule('node:fs') as object);
}

function functionsOf(module: string): string[] {
  const native = process.getBuiltinModule(module) as Record<string, unknown>;
  const names = Object.keys(native).filter((name) => name !== 'default' && name !== 'promises');
  return names.filter((name) => typeof native[name] === 'function');
}

function define(own: Namespace, name: string, value: unknown): void {
  Object.defineProperty(own, name, { value, enumerable: true, configurable: true, writable: true });
}

/** A function and a class: whoever calls it or makes one is told. */
function refusal(what: string, why: keyof typeof advice): unknown {
  return function refused(): never {
    throw new HeddleError('FAILED_PRECONDITION', `${what} can't be simulated: ${advice[why]}`, { retry: 'no' });
  };
}
