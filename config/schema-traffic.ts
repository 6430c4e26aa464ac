// The part of the schema about traffic: where the calls of a listener go beside or instead of this process's services.

import { list, number, object, required, text } from '../document/declare.ts';
import { parseTarget } from './addresses.ts';

/** Mirrors of one listener: each copies frames on its IO threads. */
const mirrorsMax = 8;

export const trafficTarget = text(
  'a target such as heddle://10.0.0.9:7000',
  'heddle://10.0.0.9:7000',
  '^heddle://[^,/\\s]+:[0-9]{1,5}(,[^,/\\s]+:[0-9]{1,5})*$',
  parseTarget,
);

export const mirrorsType = list(
  object({
    target: required(
      trafficTarget,
      'Where copies go: heddle:// and one or more host:port, joined by commas.',
      'There is no default place for somebody else.',
    ),
    percent: required(
      number(0, 100),
      'Share of the calls that is copied, 0 to 100, fractions too.',
      'How much load the mirror can take is for its owner to say; begin with little.',
    ),
  }),
  mirrorsMax,
);
