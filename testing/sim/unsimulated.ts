// What of Node simulated threads may not use: sockets, files that are read meanwhile, processes. Their answers come when the
// machine likes, which no seed can say again, and virtual time would not wait for them. To load such modules is fine, since
// much code imports what it does not use; to call them throws, and says what to do instead. What reads at once
// (`readFileSync`) works.

import { HeddleError } from '../../runtime/errors.ts';
import type { Namespace } from './module-factory.ts';
import { moduleWithOwn, withOwn } from './with-own.ts';

const advice = {
  network:
    'name the other side in `clients` of heddle.yaml, call it by fiber.call, and give simulate() a backend that stands for it',
  files: 'read what a service needs by readFileSync when its module is loaded',
  processes: 'put it behind a service, and give simulate() a backend that stands for it',
  process: 'it would be about the process of the test, of which a simulated thread is a part',
  measuring: 'computing takes no virtual time; for how long something waited take performance.now() before and after',
  streams: 'it works in the background, in real time: use the functions of node:zlib that take a whole buffer',
  subtle: 'Node does it in the background, in real time: use what node:crypto has for it that answers at once',
  keys: 'Node draws it from the machine and not from the seed: make it once, and read it by readFileSync',
  threads: 'threads are those of heddle.yaml',
  compile:
    'Node does it in the background, in real time: use new WebAssembly.Module(bytes) and new WebAssembly.Instance',
} as const;

export type Why = keyof typeof advice;

/** Modules, and their functions and classes that are refused. */
const refused: readonly (readonly [module: string, why: Why, names: readonly string[]])[] = [
  ['node:net', 'network', ['connect', 'createConnection', 'createServer', 'Socket', 'Server']],
  ['node:tls', 'network', ['connect', 'createServer', 'TLSSocket', 'Server']],
  ['node:http', 'network', ['request', 'get', 'createServer', 'Server']],
  ['node:https', 'network', ['request', 'get', 'createServer', 'Server']],
  ['node:http2', 'network', ['connect', 'createServer', 'createSecureServer']],
  ['node:dgram', 'network', ['createSocket']],
  ['node:child_process', 'processes', ['exec', 'execFile', 'fork', 'spawn']],
  ['node:cluster', 'processes', ['fork']],
  ['node:stream/web', 'streams', ['CompressionStream', 'DecompressionStream']],
];

/** As Resolver of node:dns: addresses are simulated, names are not. */
class NoNames {
  resolve4(name: string): Promise<never> {
    return Promise.reject(new Error(`no name is known here, and so not ${name}`));
  }

  resolve6(name: string): Promise<never> {
    return this.resolve4(name);
  }
}

/** In the place of modules of Node, on all threads. */
export const unsimulatedModules: ReadonlyMap<string, Namespace> = new Map([
  ...refused.map(([module, why, names]) => [module, without(module, names, why)] as const),
  ['node:fs', withoutFiles()],
  ['node:fs/promises', without('node:fs/promises', functionsOf('node:fs/promises'), 'files')],
  ['node:dns', withoutNames()],
  ['node:dns/promises', withoutNamesPromised()],
]);

/** In the place of global names. */
export const unsimulatedGlobals = {
  fetch: refusal('fetch', 'network'),
  WebSocket: refusal('WebSocket', 'network'),
  EventSource: refusal('EventSource', 'network'),
  BroadcastChannel: refusal('BroadcastChannel', 'threads'),
  CompressionStream: refusal('CompressionStream', 'streams'),
  DecompressionStream: refusal('DecompressionStream', 'streams'),
  WebAssembly: withOwn(
    (globalThis as unknown as { WebAssembly: object }).WebAssembly,
    refusals('WebAssembly.', ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming'], 'compile'),
  ),
} as const;

/** A function and a class: whoever calls it or makes one is told. */
export function refusal(what: string, why: Why): () => never {
  return function refused(): never {
    throw new HeddleError('FAILED_PRECONDITION', `${what} can't be simulated: ${advice[why]}`, { retry: 'no' });
  };
}

/** Refusals by their names; each speaks of `of` and its name. */
export function refusals(of: string, names: readonly string[], why: Why): Namespace {
  return Object.fromEntries(names.map((name) => [name, refusal(`${of}${name}`, why)]));
}

function without(module: string, names: readonly string[], why: Why): Namespace {
  const parts = names.map((name) => [name, refusal(`${name} of ${module}`, why)] as const);
  return moduleWithOwn(process.getBuiltinModule(module) as object, Object.fromEntries(parts));
}

/** Whatever has a form that waits for nobody. */
function withoutFiles(): Namespace {
  const waiting = functionsOf('node:fs').filter((name) => hasSync('node:fs', name));
  const others = ['createReadStream', 'createWriteStream', 'watch', 'watchFile', 'openAsBlob'];
  const promises = without('node:fs/promises', functionsOf('node:fs/promises'), 'files');
  return moduleWithOwn(without('node:fs', [...waiting, ...others], 'files'), { promises });
}

/** Asks nobody for names: to ask for one of a client of heddle.yaml says that it is unknown. */
function withoutNames(): Namespace {
  const names = functionsOf('node:dns').filter((name) => !name.startsWith('get'));
  return moduleWithOwn(without('node:dns', names, 'network'), { promises: withoutNamesPromised() });
}

function withoutNamesPromised(): Namespace {
  const names = functionsOf('node:dns/promises').filter((name) => !name.startsWith('get'));
  return moduleWithOwn(without('node:dns/promises', names, 'network'), { Resolver: NoNames });
}

export function hasSync(module: string, name: string): boolean {
  return `${name}Sync` in (process.getBuiltinModule(module) as object);
}

export function functionsOf(module: string): string[] {
  const native = process.getBuiltinModule(module) as Record<string, unknown>;
  const names = Object.keys(native).filter((name) => name !== 'default' && name !== 'promises');
  return names.filter((name) => typeof native[name] === 'function');
}
