// The part of the schema about connections: bindings, clients, limits.

import {
  bytes,
  choice,
  duration,
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
} from '../document/declare.ts';
import { parseCidr, parseListenAddress } from './addresses.ts';
import { clientTargetPattern, parseClientTarget } from './client-target.ts';
import { requestsPerConnection } from './schema-admission.ts';
import { callsBy, requestsAbove } from './schema-compression.ts';
import { filtersType } from './schema-filters.ts';
import { mirrorsType, trafficTarget } from './schema-traffic.ts';

/** A service's name, as contracts write it. */
export const servicePattern = '^(?=.{1,200}$)[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$';
export const serviceRule = 'words joined by dots, such as movies.Search, at most 200 bytes';

const connectionsMax = 1_000_000;

/** An address to listen on. */
export const listenAddress = text(
  'an address such as heddle://127.0.0.1:7000 or http://127.0.0.1:7080',
  'heddle://127.0.0.1:7000',
  '^[a-z][a-z0-9.+-]{0,63}://(\\[[0-9A-Fa-f:.%a-z]+\\]|[A-Za-z0-9.-]+):[0-9]{1,5}$',
  parseListenAddress,
);

/** One listen entry with bounds of its own. */
export const bindingType = object({
  address: required(
    listenAddress,
    'Protocol, host and port to listen on; port 0 takes a free one.',
    'The host is always written, so that nobody opens a port to the world without seeing it. Services that name the same address share its listener.',
  ),
  maxConnections: key(
    integer(1, connectionsMax, orNone),
    'none',
    'Open connections of this listener; over it new ones are closed at once.',
    'limits.connections bounds the process; this keeps a share for the other listeners.',
  ),
  frame: optional(
    bytes('1KiB', '64MiB'),
    'limits.frame',
    'Longest frame or request body, head included.',
    'A listener for strangers can be stricter than the rest.',
  ),
  writeBuffer: optional(
    bytes('16KiB', '256MiB'),
    'limits.writeBuffer',
    'Replies waiting for one connection; over it the connection is not read, far past it it is cut off.',
    'A listener for bulk readers can be more generous than the rest.',
  ),
  timeout: key(
    duration('1ms', '24h', orNone),
    'none',
    'Longest run of a request that came in here.',
    'Pool, service and method bound a run already; this is for doors with a promise of their own.',
  ),
  connectTimeout: optional(
    duration('1ms', '1h', orNone),
    'limits.emptyTimeout',
    'From accept to the first whole frame or request head.',
    'A connection that never speaks holds a place that somebody else could use.',
  ),
  readTimeout: key(
    duration('1ms', '1h', orNone),
    '30s',
    'From the first to the last byte of one frame or request.',
    'The largest default frame still arrives over a 3 Mbit/s line; a trickle is cut off.',
  ),
  writeTimeout: key(
    duration('1ms', '1h', orNone),
    '30s',
    'How long a peer may take nothing of what waits for it.',
    'A peer that hangs gives its buffers back; a slow one that still takes bytes stays.',
  ),
  idleTimeout: optional(
    duration('1ms', '24h', orNone),
    'limits.idleTimeout',
    'Connection with nothing in flight and nothing read.',
    'Doors behind a load balancer follow the idle timeout of that balancer.',
  ),
  mirror: key(
    mirrorsType,
    [],
    'Targets that get copies of calls that come in here; their answers are dropped.',
    'Copies are load for somebody else.',
  ),
  forward: optional(
    trafficTarget,
    'the services here',
    'Target that gets all calls that come in here instead of the services of this process.',
    'A process answers itself what it is asked, unless it moves or stands before another.',
  ),
});

/** Peers that fibers call. */
export const clientsType = map(
  object({
    target: required(
      text(
        'a target such as heddle://10.0.0.1:7001,10.0.0.2:7001',
        'heddle://10.0.0.1:7001,10.0.0.2:7001',
        clientTargetPattern,
        parseClientTarget,
      ),
      'Where the service is: heddle:// and one or more host:port, joined by commas; or what a naming looks up, such as consul://shop-stock.',
      'There is no default place for somebody else.',
    ),
    timeout: key(
      duration('1ms', '24h', orNone),
      '30s',
      "Longest call; the caller's own deadline still holds.",
      'A peer that never answers must not hold its callers for ever.',
    ),
    attemptTimeout: key(
      duration('1ms', '24h', orNone),
      'none',
      'Longest single attempt of a call; an idempotent one is then made again, within timeout.',
      'Only who knows the peer knows when an answer is overdue; a little over its slowest usual answer finds a hung one soon.',
    ),
    maxAttempts: key(
      integer(1, 10),
      3,
      'Attempts of one call, the first included; 1: no retries. Only idempotent calls, and those that have not run.',
      'The second hides a lost connection or thread, the third one that met the same again; beyond that it is no accident.',
    ),
    retryPercent: key(
      integer(0, 100),
      20,
      'Retries per hundred calls of the last ten seconds, per thread; ten retries a second are always allowed.',
      'A peer that fails under its load gets at most a fifth more of it.',
    ),
    ejectAfter: key(
      integer(1, 1_000_000, orNone),
      5,
      'Failures in a row after which an address takes no calls for a while; at most half of the addresses at once.',
      'Fewer could be one bad request; more keep callers waiting for a peer that hangs.',
    ),
    ejectFor: key(
      duration('1ms', '30s'),
      '1s',
      'How long at first; each time in a row doubles it, up to 30s. Then one call probes the address.',
      'A restart takes about a second; whoever fails again is asked less and less often.',
    ),
    connectTimeout: key(
      duration('1ms', '1h'),
      '1s',
      'Longest attempt to connect to one address.',
      'Inside a data centre a second is already a failure, and the next address is tried.',
    ),
    balance: key(
      choice('round-robin', 'least-loaded'),
      'round-robin',
      'How an address is picked: in turn, or the one with the fewest calls in flight.',
      'Equal peers need no more; least-loaded pays when they are unequal or slow by turns.',
    ),
    connections: key(
      integer(1, 64),
      1,
      'Connections to each address, per thread that owns some.',
      'Calls are multiplexed; a second connection helps only when one TCP stream is the bottleneck.',
    ),
    maxInFlight: key(
      integer(1, 65_536),
      10_000,
      'Calls at once over all connections of one thread; over it RESOURCE_EXHAUSTED.',
      'A peer that stopped answering must not fill this process.',
    ),
    frame: key(
      bytes('1KiB', '64MiB'),
      '10MB',
      'Longest frame, either way.',
      'The same as limits.frame by default, so that two Heddle processes agree.',
    ),
    writeBuffer: key(
      bytes('16KiB', '256MiB'),
      '16MiB',
      'Requests waiting to be sent over one connection; over it calls are refused.',
      'Room for one frame of the largest size and the small calls behind it.',
    ),
    filters: section(
      filtersType('sign'),
      'Filters around calls of this service alone, outermost first, inside of those of the whole process.',
      'Plugins add them: see docs/filters.md.',
    ),
    compression: callsBy,
    compressAbove: requestsAbove,
    via: key(
      choice('io', 'caller'),
      'io',
      'Which thread owns the sockets: an IO thread, or each calling thread itself.',
      'On IO threads a busy or dying CPU thread cuts no connection; caller saves one hop between threads.',
    ),
  }),
  {
    name: 'service',
    example: 'demo.Users',
    namePattern: servicePattern,
    nameRule: serviceRule,
    overridesCreate: false,
    maxEntries: 1000,
  },
);

const cidrs = list(
  text('an IP address or a block such as 10.0.0.0/8', '10.0.0.0/8', '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$', parseCidr),
  10_000,
);

/** Bounds of the process, and defaults for its bindings. */
export const limitsType = object({
  connections: key(
    integer(1, connectionsMax),
    10_000,
    'Open connections in the process; over it new ones are closed at once.',
    'More than most services see; whoever needs more raises the file limit of the system with it.',
  ),
  connectionsPerIp: key(
    integer(1, connectionsMax, orNone),
    'none',
    'Open connections from one IP address.',
    'Behind a proxy all clients share one address, so only the operator knows.',
  ),
  frame: key(
    bytes('1KiB', '64MiB'),
    '10MB',
    'Longest frame or request body, head included; bindings may set their own.',
    'Generous for one message; what is larger belongs into a file store or into many messages.',
  ),
  writeBuffer: key(
    bytes('16KiB', '256MiB'),
    '1MiB',
    'Replies waiting for one connection; bindings may set their own.',
    'More than a network holds in flight, little enough for ten thousand slow readers to be cut off in time.',
  ),
  requests: key(
    integer(1, 1_048_576),
    65_536,
    'Requests accepted and not yet answered, in the whole process; over it RESOURCE_EXHAUSTED.',
    'Far above what the default pools run at once, so that it only ends what would end the process.',
  ),
  requestsPerConnection,
  idleTimeout: key(
    duration('1ms', '24h', orNone),
    '5m',
    'Connection with nothing in flight and nothing read; bindings may set their own.',
    'Below the idle time after which most firewalls and balancers forget a connection in silence.',
  ),
  emptyTimeout: key(
    duration('1ms', '1h', orNone),
    '10s',
    'Connection that has not sent its first frame; the default of connectTimeout of bindings.',
    'Ten seconds pass even a handshake with lost packets; a port scan holds nothing for longer.',
  ),
  allow: key(
    cidrs,
    [],
    'IP addresses and blocks that may connect; empty: all.',
    'The host that is listened on is the first fence; this is the second.',
  ),
  deny: key(
    cidrs,
    [],
    'IP addresses and blocks that may not connect; deny wins over allow.',
    'Nobody is refused unnamed.',
  ),
});
