// The part of the schema about degraders and samplers, which handlers ask: `fiber.degraded('light')`,
// `fiber.sampled('audit')`.

import { duration, integer, map, number, object, oneOf, optional, required } from '../document/declare.ts';

/** Of each kind, in one process. */
const gatesMax = 1000;

const naming = {
  namePattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,99}$',
  nameRule: 'letters, digits, _ . and -, beginning with a letter or _, at most 100',
  overridesCreate: true,
  maxEntries: gatesMax,
};

const degraderType = oneOf(
  object({
    count: optional(
      integer(0, 999_999_999),
      'perSecond says the limit',
      'Asks in each gap of `every` that are not degraded, in the whole process.',
      'Write this for a quota: so many a second, a minute or an hour.',
    ),
    every: optional(
      duration('1ms', '1h'),
      '1s',
      'How long a gap is; gaps begin at multiples of it on the clock. Only with count.',
      'A second is what most limits are meant for.',
    ),
    perSecond: optional(
      number(0.001, 1_000_000),
      'count says the limit',
      'Asks a second that are not degraded, on average, in the whole process: a token bucket.',
      'Write this for a steady rate; it has no edges where two gaps meet.',
    ),
    burst: optional(
      integer(1, 1_000_000),
      'one second of perSecond, at least 1',
      'Asks that are let through at once after a pause. Only with perSecond.',
      'Requests come in bunches; a second of them is no overload.',
    ),
  }),
  'count',
  'perSecond',
);

export const degradersType = map(degraderType, { name: 'degrader', example: 'light-ranking', ...naming });

export const samplersType = map(
  object({
    percent: required(
      number(0, 100),
      'Share of the asks that are sampled, fractions too.',
      'There is no share that fits everybody.',
    ),
  }),
  { name: 'sampler', example: 'audit', ...naming },
);
