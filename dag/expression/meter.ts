// The meter: what one evaluation has spent. One per thread, as a thread evaluates one expression at a time and an
// evaluation never awaits; `compile` starts it, everything that walks values pays.

import { failAt, type Site } from './evaluation-error.ts';

let stepsMax = 0;
let stepsLeft = 0;

export function startMeter(steps: number): void {
  stepsMax = steps;
  stepsLeft = steps;
}

/** Pays before the work is done, so that the bound holds for memory too. */
export function pay(steps: number, site: Site): void {
  stepsLeft -= steps;
  if (stepsLeft < 0) failOverBudget(site);
}

/** Pays for reading or making a text: 64 characters a step. */
export function payForChars(chars: number, site: Site): void {
  pay(chars >>> 6, site);
}

function failOverBudget(site: Site): never {
  failAt(
    site,
    'RESOURCE_EXHAUSTED',
    `the evaluation takes more than ${stepsMax} steps; take fewer elements (slice, filter) or raise its budget`,
  );
}
