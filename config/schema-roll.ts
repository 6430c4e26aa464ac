// The part of the schema about rolls: how new code comes into use when a running process reloads.

import { choice, duration, integer, key, number, object, text } from '../document/declare.ts';
import type { Parsed } from '../document/types.ts';
import { undecidedWays } from '../runtime/settings.ts';

/** A share that new code may get first: with more than half of the calls there is too little left to compare with. */
export const canaryPercent = { min: 0.1, max: 50 } as const;

const shareText = 'a share such as 10%, from 0.1% to 50%, or none';

/** `10%` is 10, and `none` is 0. */
export function parseCanary(written: string): Parsed<number> {
  if (written === 'none') return { value: 0 };
  const [, digits] = /^(\d{1,3}(?:\.\d{1,6})?) ?%$/.exec(written) ?? [];
  const percent = Number(digits);
  if (digits !== undefined && percent >= canaryPercent.min && percent <= canaryPercent.max) return { value: percent };
  return { message: `must be ${shareText}, not ${JSON.stringify(written)}` };
}

export const rollType = object({
  canary: key(
    text(shareText, '10%', '^(none|[0-9]{1,3}(\\.[0-9]{1,6})? ?%)$', parseCanary, (value) => `${value}%`),
    'none',
    'Share of the calls that new code gets first, until it has shown that it does no worse than the code in use.',
    'Without it new code gets all calls as soon as it is loaded; `heddle reload --canary 10%` asks for one when it matters.',
  ),
  window: key(
    duration('100ms', '24h'),
    '30s',
    'How long both are compared, from the end of warmUp on. Code that is clearly worse is taken back before.',
    'A few hundred calls of the new code say enough; a busy service has them in seconds.',
  ),
  windowMax: key(
    duration('100ms', '24h'),
    '5m',
    'How long they are compared at most, when there are too few calls to tell. Never less than window.',
    'Whoever waits for a deployment wants an answer.',
  ),
  warmUp: key(
    duration('0ms', '10m'),
    '5s',
    'For so long at first latencies do not count, of neither; failures do.',
    'Code that has just been loaded is slow until V8 has compiled it.',
  ),
  minRequests: key(
    integer(20, 1_000_000),
    100,
    'Answers of the new code, after warmUp, without which nobody can tell that it is well.',
    'A fault in one of twenty calls shows in a hundred of them, in all but one of 170 cases.',
  ),
  maxErrors: key(
    number(0, 100),
    1,
    'How many percent of the calls may fail beyond the share that fails with the code in use.',
    'A rise must be certain and worth a rollback; one of a hundred calls is.',
  ),
  maxSlowdown: key(
    number(1.05, 100),
    1.5,
    'How many times slower the median and the 99th percentile may be.',
    'Machines are noisy, and 10 % of the calls on threads of their own do not wait as the others do.',
  ),
  undecided: key(
    choice(...undecidedWays),
    'roll-back',
    'What is done when there were too few calls to tell within windowMax.',
    'Code that nobody has tried is not known to be well; Flagger, too, takes back what has no figures.',
  ),
  finish: key(
    duration('1s', '24h'),
    '5m',
    'How long a thread that has been replaced, by new code or for its memory, may go on with what it runs; what has a deadline may go on until that. Then what still runs is answered UNAVAILABLE.',
    'A request without a deadline that hangs would keep its thread, and the memory of that, for ever.',
  ),
  finishTakenBack: key(
    duration('100ms', '24h'),
    '10s',
    'The same for new code that a canary has taken back; deadlines do not prolong it.',
    'Code that hangs must not keep the permits of its service for long; most calls are over in ten seconds.',
  ),
});
