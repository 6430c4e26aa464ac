// How each setting of heddle.yaml changes in a running process. One table for three readers: a reload takes over what may
// change (net/server/settings-change.ts, on main), docs/config.md says it of every key (config/reference.ts), and the
// compiler refuses a new setting that is in no class.

import type { JobSettings } from './jobs.ts';
import type {
  BindingSettings,
  ClientSettings,
  CompressionSettings,
  GuardianSettings,
  IoSettings,
  LimitSettings,
  LogSettings,
  MetricSettings,
  PoolSettings,
  QuarantineSettings,
  RollSettings,
  ServiceSettings,
  Settings,
} from './settings.ts';

export interface SettingChange {
  /**
   * `live`: all threads use the new value when the reload is over. `roll`: only threads that are born anew have it.
   * `restart`: only a new process has it. `none`: it follows from other settings.
   */
  how: 'live' | 'roll' | 'restart' | 'none';
  /** Of a roll, which pools: the one it belongs to; all, which `io` can't; or all but `io`, which has no use for it. */
  pools?: 'own' | 'all' | 'cpu';
  /** What keeps its old value all the same; or why only a restart changes it. */
  says?: string;
  /** Keys that it is written as, where that is not the name without its unit. */
  keys?: readonly string[];
  /** The keys stand beside each other in the file, not in a map of their own. */
  isInline?: boolean;
  /** Things with names, of which the changed ones are told. */
  hasEntries?: boolean;
}

/** One for each setting of a part: a part that gets a new one must say how it changes. */
export type Changes<Part> = { readonly [Name in keyof Required<Part>]: SettingChange };

type More = Omit<SettingChange, 'how'>;

const live = (more: More = {}): SettingChange => ({ how: 'live', ...more });
const roll = (more: More = {}): SettingChange => ({ how: 'roll', pools: 'own', ...more });
const restart = (says: string, ...keys: string[]): SettingChange => ({
  how: 'restart',
  says,
  ...(keys.length > 0 && { keys }),
});
const none: SettingChange = { how: 'none' };

const untilEnd = 'a request that is under way keeps the deadline it has';
const newConnections = 'for connections opened from then on';
const whereIoRuns = 'where services or jobs run on io, with a restart';
const notOnIo = 'in pool io with a restart';
const newRequests = 'what runs already goes on';
const threadMemory = 'the memory between the threads is measured for it at the start';
const identity = 'threads, queues and counters are made for it at the start';

const stalls = { stallWarningMs: live(), stallLimitMs: live(), cancelGraceMs: live() } as const;

const ioChanges: Changes<IoSettings> = {
  threads: restart('IO threads own connections'),
  maxFibers: live({ says: newRequests }),
  maxNested: live({ says: newRequests }),
  queueLength: restart(threadMemory, 'queue'),
  memoryBytes: live({ says: 'not below the longest frame of a listener' }),
  timeoutMs: live({ says: untilEnd }),
  ...stalls,
};

const poolChanges: Changes<PoolSettings> = {
  name: none,
  threads: roll(),
  maxFibers: live({ says: newRequests }),
  maxNested: live({ says: newRequests }),
  queueLength: restart(threadMemory, 'queue'),
  memoryBytes: roll(),
  stackBytes: roll(),
  timeoutMs: live({ says: untilEnd }),
  ...stalls,
};

const serviceChanges: Changes<ServiceSettings> = {
  name: none,
  moduleUrl: roll({ keys: ['module'], says: notOnIo }),
  pool: restart(identity),
  timeoutMs: live({ says: untilEnd }),
  methodTimeoutsMs: live({ keys: ['methods.*.timeout'], says: untilEnd }),
  maxConcurrency: live({ says: newRequests }),
  rate: live({ says: 'one that has not changed goes on counting' }),
  adaptive: live({ says: 'the limit goes on from where it is' }),
  weight: live({ says: newRequests }),
  filters: roll({ says: notOnIo }),
  limiters: restart('IO threads put them around their listeners when they begin'),
  startLate: live(),
  asyncContext: roll({ says: notOnIo }),
  compressAboveBytes: live(),
  listen: none,
};

const listenerChanges: Changes<BindingSettings> = {
  protocol: none,
  host: none,
  port: none,
  maxConnections: live({ says: 'open connections stay' }),
  frameBytes: restart(threadMemory),
  writeBufferBytes: live({ says: newConnections }),
  timeoutMs: live({ says: newConnections }),
  connectTimeoutMs: live({ says: newConnections }),
  readTimeoutMs: live({ says: newConnections }),
  writeTimeoutMs: live({ says: newConnections }),
  idleTimeoutMs: live({ says: newConnections }),
  traffic: live({ keys: ['mirror', 'forward'], isInline: true }),
};

const clientChanges: Changes<ClientSettings> = {
  name: none,
  addresses: live({
    keys: ['target'],
    says: 'what is in flight at an address that went is finished there; a naming, or another one, needs a restart',
  }),
  naming: restart('its watch begins with the thread', 'target'),
  balance: live(),
  timeoutMs: live({ says: untilEnd }),
  attemptTimeoutMs: live({ says: 'from the next attempt on' }),
  maxAttempts: live(),
  retryBudgetPercent: live({ keys: ['retryPercent'] }),
  ejectAfter: live(),
  ejectForMs: live({ says: 'from the next ejection on' }),
  connectTimeoutMs: live({ says: 'from the next attempt to connect on' }),
  filters: roll({ pools: 'all', says: whereIoRuns }),
  maxInFlight: live(),
  connections: live({ says: 'what is in flight on one too many is finished there' }),
  frameBytes: restart(threadMemory),
  writeBufferBytes: live({ says: newConnections }),
  compression: roll({ pools: 'cpu' }),
  compressAboveBytes: roll({ pools: 'cpu' }),
  via: restart('its connections would change their threads'),
};

const jobChanges: Changes<JobSettings> = {
  name: none,
  moduleUrl: roll({ keys: ['run'], says: notOnIo }),
  exportName: roll({ keys: ['run'], says: notOnIo }),
  input: roll({ says: notOnIo }),
  schedule: live({ keys: ['every', 'cron', 'timezone'], isInline: true, says: 'due times count from then on' }),
  jitterMs: live({ says: 'due times count from then on' }),
  atStart: live({ says: 'a job that is new runs at once' }),
  pool: roll({ says: 'to pool io with a restart' }),
  timeoutMs: live({ says: 'a run that is under way keeps the deadline it has' }),
  priority: live({ says: 'from the next run on' }),
};

const compressionChanges: Changes<CompressionSettings> = {
  gzipLevel: restart('compressors are installed once'),
  zstdLevel: restart('compressors are installed once'),
};

const metricChanges: Changes<MetricSettings> = {
  series: restart('the memory of the series is measured for it at the start'),
  logEveryMs: restart('what writes metrics is installed once', 'log'),
};

const limitChanges: Changes<LimitSettings> = {
  connections: live({ says: 'open connections stay' }),
  connectionsPerIp: live({ says: 'open connections stay' }),
  requests: live({ says: newRequests }),
  requestsPerConnection: live({ says: newRequests }),
  allow: live({ says: 'open connections stay' }),
  deny: live({ says: 'open connections stay' }),
};

const stopChanges: Changes<Settings['stop']> = { timeoutMs: live({ says: 'a stop that has begun keeps its own' }) };

const quarantineChanges: Changes<QuarantineSettings> = {
  kills: live({ says: 'what is refused already stays refused' }),
  forMs: live({ says: 'what is refused already keeps its time' }),
};

const logFile = 'the log thread opens its file when it begins';

const logChanges: Changes<LogSettings> = {
  level: live({ says: 'a level that an operator has set by hand stays until the file says something new' }),
  levels: live({ keys: ['levels.*'], says: 'as level' }),
  file: restart(logFile),
  rotateBytes: restart(logFile, 'rotate.size'),
  rotateEveryMs: restart(logFile, 'rotate.every'),
  keepFiles: restart(logFile, 'rotate.keep'),
  sinkModuleUrl: none,
};

const byGuardian = 'the guardian read it before it began the process';

const sameReload = 'for this very reload too';

const rollChanges: Changes<RollSettings> = {
  canaryPercent: live({ keys: ['canary'], says: sameReload }),
  windowMs: live({ says: sameReload }),
  windowMaxMs: live({ says: sameReload }),
  warmUpMs: live({ says: sameReload }),
  minRequests: live({ says: sameReload }),
  maxErrorsPercent: live({ keys: ['maxErrors'], says: sameReload }),
  maxSlowdown: live({ says: sameReload }),
  undecided: live({ says: sameReload }),
  finishMs: live({ says: sameReload }),
  finishTakenBackMs: live({ says: sameReload }),
};

const guardianChanges: Changes<GuardianSettings> = {
  restarts: restart(byGuardian),
  windowMs: restart(byGuardian),
  backoffFirstMs: restart(byGuardian, 'backoff'),
  backoffMaxMs: restart(byGuardian),
};

/** Settings that are no part with settings of their own, as a whole. */
const wholeChanges = {
  baseDir: none,
  filters: roll({ pools: 'all', says: whereIoRuns }),
  plugins: restart('a plugin is installed once on each thread'),
  builtIn: none,
  strategies: restart(
    'the list is read at the start; a reload, and `heddle dag publish`, read again what its files say',
  ),
  degraders: live({ hasEntries: true, says: 'one that has not changed goes on counting' }),
  samplers: live({ hasEntries: true }),
  admin: restart('it listens from before the start to after the stop', 'admin.address'),
  process: restart('the threads of libuv begin with the process', 'process.libuvThreads'),
} satisfies Partial<Changes<Settings>>;

/** How each setting changes, in the names of the code: by part, and by setting. */
export const settingChanges = {
  io: ioChanges,
  pools: poolChanges,
  services: serviceChanges,
  listeners: listenerChanges,
  clients: clientChanges,
  jobs: jobChanges,
  compression: compressionChanges,
  metrics: metricChanges,
  limits: limitChanges,
  stop: stopChanges,
  quarantine: quarantineChanges,
  roll: rollChanges,
  log: logChanges,
  guardian: guardianChanges,
  whole: wholeChanges,
} as const;

/** Things with names, as wholes: what it takes that one comes or goes. */
export const entryChanges = {
  pools: restart(identity),
  services: restart(identity),
  listeners: restart('a listener is opened and closed with the process'),
  clients: restart('IO threads are born with its connections'),
  /** That one goes is live: it is not due any more. */
  jobs: roll(),
} as const;

/** As heddle.yaml calls a setting: its name without the unit. */
export function keyOf(name: string): string {
  return name.replace(/(?<=[a-z])(Ms|Bytes)$/, '');
}
