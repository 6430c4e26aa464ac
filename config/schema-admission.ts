// The part of the schema about how many requests come in: keys of services, and the share of one connection.

import {
  boolean,
  duration,
  integer,
  key,
  number,
  object,
  optional,
  orNone,
  required,
  section,
} from '../document/declare.ts';

/** `rate` of a service. */
export const rateOfService = optional(
  object({
    perSecond: required(
      number(0.001, 1_000_000),
      'Requests a second that come in, on average, in the whole process; over it RESOURCE_EXHAUSTED, with the time to wait.',
      'There is no rate that fits everybody.',
    ),
    burst: optional(
      integer(1, 1_000_000),
      'one second of perSecond, at least 1',
      'Requests that come in at once after a pause.',
      'Requests come in bunches; a second of them is no overload.',
    ),
  }),
  'any number',
  'Requests a second: a token bucket. Calls of fibers take tokens too.',
  'For what has a price or a quota; against overload, adaptive finds the number by itself.',
);

/** `adaptive` of a service. */
export const adaptiveOfService = section(
  object({
    enabled: key(
      boolean(),
      false,
      'Whether the limit is there; over it RESOURCE_EXHAUSTED.',
      'Some callers would rather wait than be refused, and only you know yours. Switch it on where callers have deadlines, or another server to go to.',
    ),
    delay: key(
      duration('1ms', '1m'),
      '20ms',
      'How long its requests may wait for a thread, on average. Of a burst so many are let in; for more, half of the time that it takes.',
      'What WeChat takes for the sign of overload: far above what a pool with room needs, and nothing to a person.',
    ),
    tolerance: key(
      number(1, 100),
      2,
      'How many times as long as usual its handlers may run, or its requests may take with their wait.',
      'Handlers that slow each other down run longer long before they fail; those that only vary must not be shed for it.',
    ),
    min: optional(
      integer(1, 1_048_576),
      'two for each thread of the pool',
      'The limit never falls below.',
      'One request runs on each thread and one waits for it; with less a pool stands still between two requests.',
    ),
    max: optional(
      integer(1, 1_048_576),
      'any number',
      'The limit never rises above.',
      'limits.requests, the queue of the pool and maxConcurrency hold anyway.',
    ),
  }),
  'A limit to its requests at once that is found while it runs, from how long they wait and run: see docs/overload.md.',
);

/** `weight` of a service. */
export const weightOfService = key(
  number(0.01, 100),
  1,
  'Its share of its pool, next to the weights of the other services there.',
  'Services that share a pool are equals unless somebody says otherwise; one that has its pool alone needs none.',
);

/** `requestsPerConnection` of `limits`. */
export const requestsPerConnection = optional(
  integer(1, 1_048_576, orNone),
  'an eighth of requests, at least 64',
  'Of these requests, how many one connection may have as soon as half of them are there; over it RESOURCE_EXHAUSTED. One-way requests count until they have ended.',
  'Until then anybody may have all; from then on it takes several peers to fill the process.',
);
