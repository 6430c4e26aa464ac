// The schema of heddle.yaml, declared once: checking, defaults, spelling, the reference, heddle.yaml with all defaults
// and the JSON Schema all come from here. A key is: type, default as it would be written, what it is, why that default.

import {
  boolean,
  bytes,
  choice,
  data,
  duration,
  either,
  integer,
  key,
  list,
  map,
  object,
  optional,
  orNone,
  orOne,
  required,
  section,
  text,
} from '../document/declare.ts';
import { strategyFilesMax } from '../document/strategy-files.ts';
import type { Checked } from '../document/types.ts';
import { logLevels } from '../runtime/settings.ts';
import { parseAdminAddress } from './addresses.ts';
import { adaptiveOfService, rateOfService, weightOfService } from './schema-admission.ts';
import { compressionType, repliesAbove } from './schema-compression.ts';
import { filtersType } from './schema-filters.ts';
import { degradersType, samplersType } from './schema-gates.ts';
import { jobsType } from './schema-jobs.ts';
import { limitersType } from './schema-limiters.ts';
import { metricsType } from './schema-metrics.ts';
import { bindingType, clientsType, limitsType, listenAddress, servicePattern, serviceRule } from './schema-network.ts';
import { defaultPool, ioType, poolsType, poolType } from './schema-pools.ts';
import { rollType } from './schema-roll.ts';

const logLevel = choice(...logLevels);

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
  rate: rateOfService,
  adaptive: adaptiveOfService,
  weight: weightOfService,
  startLate: key(
    boolean(),
    false,
    'Start a request even when less of its time is left than half of the recent runs of its method took.',
    'Most such runs end too late: they would only take the thread from those that can still make it. For handlers that answer in any case by doing less.',
  ),
  compressAbove: repliesAbove,
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
  filters: section(
    filtersType('auth'),
    'Filters around the requests of this service alone, outermost first, inside of those of the whole process.',
    'Plugins add them: see docs/filters.md.',
  ),
  limiters: section(
    limitersType,
    'Limiters that are asked whether a request from outside may come in, in this order, before any queue.',
    'Plugins add them: see docs/plugins.md.',
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

/** Entries of `plugins`, and values in the options of one. */
const pluginsMax = 100;
const optionsMax = 10_000;

const pluginModule = text('a path such as ./audit.ts, or the name of a package', './audit.ts', '\\S', (written) => {
  if (written.trim() === '') return { message: 'must be a path or the name of a package, not an empty text' };
  return written.includes('\0') ? { message: 'must be a path; it has a zero character in it' } : { value: written };
});

const pluginType = object({
  module: required(
    pluginModule,
    'The module that default-exports definePlugin(…): a path that begins with ./ or ../ or /, relative to this file, or the name of a package.',
    'There is no plugin without its code.',
  ),
  options: optional(
    data(optionsMax),
    'an empty map',
    'What the plugin is given as host.options, as it stands here.',
    'Only the plugin knows what it can be told.',
  ),
});

const strategyPath = text('a path or a glob such as ./strategies/*.yaml', './strategies/*.yaml', '\\S', (written) => {
  if (written.trim() === '') return { message: 'must be a path or a glob, not an empty text' };
  return written.includes('\0') ? { message: 'must be a path; it has a zero character in it' } : { value: written };
});

const stopType = object({
  timeout: key(
    duration('1ms', '1h'),
    '10s',
    'How long what runs may take to finish on SIGTERM.',
    'systemd waits 90 s and Kubernetes 30 s before they kill; docker stop waits 10 s, so give it more.',
  ),
});

const quarantineType = object({
  kills: key(
    integer(1, 1000, orNone),
    2,
    'Threads that one method with one and the same body may end before such requests are refused.',
    'Once is bad luck; a second time is the request, and clients try again.',
  ),
  for: key(
    duration('1s', '24h'),
    '10m',
    'How long such requests are refused; kills further apart than this do not add up.',
    'Longer than clients go on trying, short enough that a new version of the code gets its chance.',
  ),
});

const adminType = object({
  address: key(
    text(
      'an address such as http://127.0.0.1:7199, or none',
      'http://127.0.0.1:7199',
      '^(none|http://(\\[[0-9A-Fa-f:.%a-z]+\\]|[A-Za-z0-9.-]+):[0-9]{1,5})$',
      parseAdminAddress,
    ),
    'http://127.0.0.1:7199',
    'Where the process tells about itself: threads, fibers, metrics, profiles; `heddle top` reads it. none: nowhere.',
    'Loopback, since whoever reaches it can drain the process. The default port gives way to a free one when it is taken.',
  ),
});

const guardianType = object({
  enabled: key(
    boolean(),
    true,
    'Whether `heddle start` runs the services under a guardian: a small process that starts them again when theirs dies.',
    'Some ends no thread survives alone; switch it off where a service manager or container does the same.',
  ),
  restarts: key(
    integer(0, 1000),
    5,
    'Deaths within window after which the process is started again at once.',
    'A few are bad luck; more are a fault that starting again does not mend.',
  ),
  window: key(
    duration('1s', '1h'),
    '60s',
    'How long a death counts; a process that lives longer than this after a wait is started at once again.',
    'Long enough to see a process that dies of its first traffic each time.',
  ),
  backoff: key(
    duration('10ms', '1h'),
    '1s',
    'The first wait from then on, and after a start that failed; it doubles up to backoffMax.',
    'A port or a file that somebody still holds is often free a second later.',
  ),
  backoffMax: key(
    duration('10ms', '1h'),
    '30s',
    'The longest wait.',
    'Clients and people find the service back within half a minute of the repair.',
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
  plugins: section(
    list(either(pluginModule, pluginType), pluginsMax),
    'What is added to the process: modules, or maps with a module and options.',
    'They are installed in this order, but for what a plugin says itself (after).',
  ),
  filters: section(
    filtersType('timing'),
    'Filters around the requests of all services, and around all calls that fibers make, outermost first.',
    'Plugins add them: see docs/filters.md.',
  ),
  strategies: section(
    list(strategyPath, strategyFilesMax, orOne),
    'Strategies that fibers run: strategy files (.yaml, .yml) and modules that export strategy(…), relative to this file.',
    'They are one set: checked together at the start, and published together when they change.',
  ),
  degraders: section(
    degradersType,
    'Limits beyond which handlers do less: `fiber.degraded(name)` counts one and says whether that was too many.',
    'They count for the whole process, and may change while it runs.',
  ),
  samplers: section(
    samplersType,
    'Shares: `fiber.sampled(name)` is true for so many asks.',
    'They may change while the process runs.',
  ),
  jobs: section(jobsType, 'Functions that run again and again, by name.', 'Work that no request asks for.'),
  compression: section(
    compressionType,
    'How hard the built-in compressors try; services and clients say what they compress.',
  ),
  limits: section(limitsType, 'Bounds of the process, and defaults for its bindings.'),
  roll: section(
    rollType,
    'How new code comes into use when the process reloads: at once, or a share of the calls first.',
  ),
  stop: section(stopType, 'How it ends.'),
  guardian: section(guardianType, 'What happens when the whole process dies.'),
  quarantine: section(quarantineType, 'Requests that end their threads.'),
  admin: section(adminType, 'Where operators look.'),
  metrics: section(metricsType, 'What handlers count, set and observe: `fiber.metrics`.'),
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
export type CheckedPlugin = CheckedConfig['plugins'][number];
export type CheckedClient = CheckedConfig['clients'] extends Map<string, infer Entry> ? Entry : never;
