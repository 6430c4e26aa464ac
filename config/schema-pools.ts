// The part of the schema about threads: io and pools.

import { bytes, duration, integer, key, map, object, optional, orNone } from '../document/declare.ts';

/** Pools that no one needs to declare. */
export const defaultPool = 'default';

const affinitySentence =
  'Node can not bind a thread to a CPU; bind the whole process with taskset or the cpuset of the service manager';
const affinity = { affinity: affinitySentence, cpuAffinity: affinitySentence, cpus: affinitySentence };

const fibersMax = 65_536;
const queueMax = 65_536;

/** What the watchdog does about a thread whose handler keeps it from turning. */
const stallKeys = {
  stallWarning: key(
    duration('10ms', '1h', orNone),
    '200ms',
    'How long one handler may keep its thread from everything else before the log names it.',
    'Other requests of the thread wait that long already; a person notices.',
  ),
  stallLimit: key(
    duration('100ms', '24h', orNone),
    '5s',
    'How long one handler may keep its thread before the thread is profiled, ended and replaced.',
    'A loop that has not ended by then rarely does; honest work of that length yields, or says so here.',
  ),
  cancelGrace: key(
    duration('1ms', '1h', orNone),
    '1s',
    'How long a handler may go on once nobody waits for it any more, before the log names it.',
    'Time enough to clean up; a handler that ignores cancellation takes the place of one that is wanted.',
  ),
};

/** The io section: threads that own sockets. */
export const ioType = object(
  {
    threads: optional(
      integer(1, 64),
      'a quarter of the cores, at least 1, at most 8',
      'IO threads: they own the sockets, cut frames and run the handlers of pool io.',
      'Moving bytes is cheap next to handlers, so one IO thread feeds several CPU threads.',
    ),
    maxFibers: key(
      integer(1, fibersMax),
      256,
      'Fibers at once per IO thread, for services with pool io.',
      'Enough to hide waits on the network, few enough that a thread which dies takes few requests along.',
    ),
    maxNested: key(
      integer(1, fibersMax),
      256,
      'Fibers per IO thread for calls made by fibers of this process, beyond maxFibers.',
      'A service that calls itself must not wait for its own place; the bound ends endless recursion.',
    ),
    queue: key(
      integer(1, queueMax),
      1024,
      'Requests waiting for pool io, and outgoing calls waiting for one IO thread; rounded up to a power of two.',
      'A burst of a few milliseconds fits; a longer one is better refused than served late.',
    ),
    memory: key(
      bytes('1MiB', '64GiB'),
      '256MiB',
      'Bytes one IO thread may hold for requests half read and replies not yet sent; over it no socket is read.',
      'Two dozen of the largest frames at once; slow peers can not grow the process past it.',
    ),
    timeout: key(
      duration('1ms', '24h', orNone),
      '30s',
      'Longest run of a request in pool io.',
      'So that nobody holds a place for ever, as in every other pool.',
    ),
    ...stallKeys,
  },
  affinity,
);

/** One pool of CPU threads: under pools, or inline at a service. */
export const poolType = object(
  {
    threads: optional(
      integer(1, 64),
      'cores minus IO threads, at least 1, at most 16',
      'CPU threads that run handlers.',
      'More threads than cores wait for each other; more than 16 by default would multiply every cache of the handlers.',
    ),
    maxFibers: key(
      integer(1, fibersMax),
      256,
      'Fibers at once per thread.',
      'Enough to hide waits on the network, few enough that a thread which dies takes few requests along.',
    ),
    maxNested: key(
      integer(1, fibersMax),
      256,
      'Fibers per thread for calls made by fibers of this process, beyond maxFibers.',
      'A service that calls itself must not wait for its own place; the bound ends endless recursion.',
    ),
    queue: key(
      integer(1, queueMax),
      1024,
      'Requests waiting for the pool, for each priority class; rounded up to a power of two.',
      'A burst of a few milliseconds fits; a longer one is better refused than served late.',
    ),
    memory: optional(
      bytes('16MiB', '64GiB'),
      "none but V8's own heap limit",
      'Memory of one thread, heap and Buffers together. A thread past it is drained and replaced, and no request fails; V8 ends a thread whose heap alone reaches twice this before.',
      'Only the service knows how much its caches need.',
    ),
    stack: key(bytes('512KiB', '64MiB'), '4MiB', 'Stack of one thread.', "Node's own default for worker threads."),
    timeout: key(
      duration('1ms', '24h', orNone),
      '30s',
      'Longest run of a request in this pool.',
      'A request that nobody bounded must not hold its place for ever; what runs longer says so here.',
    ),
    ...stallKeys,
  },
  affinity,
);

/** Named pools. */
export const poolsType = map(poolType, {
  name: 'pool',
  example: 'ranking',
  namePattern: '^[A-Za-z_][A-Za-z0-9_-]{0,63}$',
  nameRule: 'letters, digits, _ and -, beginning with a letter or _, at most 64',
  refused: { io: 'the pool io is the IO threads themselves; its numbers stand in the section io' },
  builtIn: [defaultPool],
  overridesCreate: false,
  maxEntries: 64,
});
