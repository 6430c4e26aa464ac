// The schema of heddle.yaml, declared once: checking, defaults, spelling, the reference, heddle.yaml with all defaults
// and the JSON Schema all come from here. A key is: type, default as it would be written, what it is, why that default.

import {
  boolean,
  bytes,
  choice,
  duration,
  either,
  integer,
  key,
  list,
  map,
  object,
  optional,
  orNone,
  required,
  section,
  text,
} from './declare.ts';
import { bindingType, clientsType, limitsType, listenAddress, servicePattern, serviceRule } from './schema-network.ts';
import { defaultPool, ioType, poolsType, poolType } from './schema-pools.ts';
import type { Checked } from './types.ts';

const logLevel = choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent');

const path = text('a path', './greeter.ts', '\\S', (written) => {
  if (written.trim() === '') return { message: 'must be a path, not an empty text' };
  return written.includes('\0') ? { message: 'must be a path; it has a zero character in it' } : { value: written };
});

const methodType = object({
  timeout: key(
    duration('1ms', '24h', orNone),
    'none',
    'Longest run of this method.',
    'Pool, service and binding bound it already; the smallest timeout that is set wins.',
  ),
});

const serviceType = object({
  module: required(
    path,
    'The module that default-exports implement(…), relative to this file.',
    'There is no service without its code.',
  ),
  pool: key(
    either(
      text(
        'the name of a pool, io, or a pool of its own such as { threads: 2 }',
        'ranking',
        '^[A-Za-z_][A-Za-z0-9_-]{0,63}$',
        (name) => ({
          value: name,
        }),
      ),
      poolType,
    ),
    defaultPool,
    'Where it runs: the name of a pool, io for the IO threads, or inline { threads: 2 } for a pool of its own.',
    'One shared pool serves well until one service is slow; then give that one its own.',
  ),
  timeout: key(
    duration('1ms', '24h', orNone),
    'none',
    'Longest run of a request to this service.',
    'The pool bounds it already; the smallest timeout that is set wins.',
  ),
  maxConcurrency: key(
    integer(1, 1_048_576, orNone),
    'none',
    'Requests of this service at once, in the whole process; over it RESOURCE_EXHAUSTED.',
    'The queue of the pool and limits.requests bound it already; this shares a pool fairly.',
  ),
  asyncContext: key(
    boolean(),
    false,
    'Run handlers inside AsyncLocalStorage, so that currentFiber() works.',
    'It costs about 0.3 µs a request, and handlers are given their fiber anyway.',
  ),
  methods: section(
    map(methodType, {
      name: 'method',
      example: 'greet',
      namePattern: '^[A-Za-z_][A-Za-z0-9_]{0,127}$',
      nameRule: 'letters, digits and _, beginning with a letter or _, at most 128',
      overridesCreate: true,
      maxEntries: 1000,
    }),
    'Settings of single methods.',
  ),
  listen: section(
    list(either(listenAddress, bindingType), 64),
    'Where it is reached from outside: addresses, or maps with an address and bounds of its own.',
    'Without any, only calls from inside the process reach it.',
  ),
});

const servicesType = map(serviceType, {
  name: 'service',
  example: 'demo.Greeter',
  namePattern: servicePattern,
  nameRule: serviceRule,
  overridesCreate: false,
  minEntries: 1,
  maxEntries: 1000,
});

const logType = object({
  level: key(
    logLevel,
    'info',
    'Least level that is written.',
    'Starts, stops, deaths and refusals, nothing per request.',
  ),
  levels: section(
    map(logLevel, {
      name: 'component',
      example: 'acceptor',
      namePattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,199}$',
      nameRule: 'letters, digits, _ . and -, beginning with a letter or _, at most 200',
      overridesCreate: true,
      maxEntries: 1000,
    }),
    'Level of single components: acceptor: debug.',
  ),
  file: optional(
    path,
    'standard output',
    'File to write to, relative to this file.',
    'Service managers and containers gather standard output themselves.',
  ),
  rotate: section(
    object({
      size: key(
        bytes('64KiB', '64GiB', orNone),
        '100MB',
        'Size at which the next log file is begun.',
        'A file of this size still opens in an editor.',
      ),
      every: key(
        duration('1m', '7d', orNone),
        '1d',
        'Time after which the next log file is begun.',
        'One file for a day is easy to find.',
      ),
      keep: key(
        integer(0, 10_000),
        5,
        'Old log files kept.',
        'Half a gigabyte at the default size: logs must not fill the disk.',
      ),
    }),
    'When the next log file is begun; only with file.',
  ),
});

const stopType = object({
  timeout: key(
    duration('1ms', '1h'),
    '10s',
    'How long what runs may take to finish on SIGTERM.',
    'systemd waits 90 s and Kubernetes 30 s before they kill; docker stop waits 10 s, so give it more.',
  ),
});

const processType = object({
  libuvThreads: optional(
    integer(1, 1024),
    'UV_THREADPOOL_SIZE of the environment, else 4',
    "Threads of libuv's own pool, on which the async crypto, zlib and file calls of all handlers run.",
    'All threads of the process share them, so handlers that wait for many such calls at once need more; only the service knows.',
  ),
});

/** The whole file. */
export const schema = object({
  io: section(ioType, 'Threads that own sockets.'),
  pools: section(poolsType, 'Named pools of CPU threads; the pool default exists without being named.'),
  services: required(servicesType, 'What is served, by service name.', 'A process without services serves nobody.'),
  clients: section(clientsType, 'Services elsewhere that fibers call; a client wins over a local service of its name.'),
  limits: section(limitsType, 'Bounds of the process, and defaults for its bindings.'),
  stop: section(stopType, 'How it ends.'),
  process: section(processType, 'What all threads of the process share.'),
  log: section(logType, 'What is logged, and where to.'),
});

/** A checked file: every value with its place. */
export type CheckedConfig = Checked<typeof schema>;
export type CheckedService = Checked<typeof serviceType>;
export type CheckedPool = Checked<typeof poolType>;
export type CheckedIo = Checked<typeof ioType>;
export type CheckedBinding = Checked<typeof bindingType>;
export type CheckedListen = CheckedService['listen'][number];
export type CheckedClient = CheckedConfig['clients'] extends Map<string, infer Entry> ? Entry : never;
