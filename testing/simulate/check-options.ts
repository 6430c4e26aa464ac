// Checks what a test gives to heddle/testing: a mistake of the test is told as one, by a sentence, and never runs something
// else in silence. Each throws INVALID_ARGUMENT.

import { HeddleError } from '../../runtime/errors.ts';
import { didYouMean } from '../../runtime/nearest.ts';
import type { Backend } from './backend.ts';
import type { EverySeedOptions, SimulateOptions } from './options.ts';

/** Two seeds that differ by this are one run. */
const seedsInAll = 2 ** 32;

type Check = (value: unknown, name: string) => void;

const simulateChecks: Required<Record<keyof SimulateOptions, Check>> = {
  config: checkConfig,
  seed: checkSeed,
  overrides: checkOverrides,
  backends: checkBackends,
  faults: oneOf('none', 'random'),
  answerWithinMs: checkSpan,
  stopWithinMs: checkSpan,
  cores: checkCount,
  stepsMax: checkCount,
  stuckAfterMs: checkStuck,
  onLine: checkFunction,
};

const { seed: _one, ...shared } = simulateChecks;
const everySeedChecks: Required<Record<keyof EverySeedOptions, Check>> = {
  ...shared,
  seeds: checkCount,
  firstSeed: checkSeed,
};

export function checkSimulate(options: SimulateOptions): void {
  check('simulate', options, simulateChecks);
}

export function checkEverySeed(options: EverySeedOptions, body: unknown): void {
  check('everySeed', options, everySeedChecks);
  checkFunction(body, 'the second argument of everySeed, the test of one seed,');
}

/** Virtual or real ms, from 0. */
export function checkDelay(value: unknown, name: string): void {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return;
  refuse(name, value, 'give ms, a number from 0');
}

export function checkSeed(value: unknown, name: string): void {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < seedsInAll) return;
  refuse(name, value, `give a whole number from 0 to ${seedsInAll - 1}`);
}

/** Of a strategy; undefined: signals decide. */
export function checkLevel(value: unknown, name: string): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)) return;
  refuse(name, value, 'give a whole number from 0, or undefined for what its signals say');
}

export function checkCount(value: unknown, name: string): void {
  if (!(Number.isSafeInteger(value) && (value as number) >= 1)) refuse(name, value, 'give a whole number from 1');
}

export function checkFunction(value: unknown, name: string): void {
  if (typeof value !== 'function') refuse(name, value, 'give a function');
}

export function oneOf(...values: readonly string[]): Check {
  return (value, name) => {
    if (values.includes(value as string)) return;
    refuse(name, value, `give ${values.join(' or ')}${typeof value === 'string' ? didYouMean(value, values) : ''}`);
  };
}

function check(caller: string, options: object, checks: Readonly<Record<string, Check>>): void {
  if (typeof options !== 'object' || options === null) refuse(`the options of ${caller}`, options, 'give an object');
  const names = Object.keys(checks);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) {
      throw mistake(`${caller} has no option ${name}${didYouMean(name, names)}; it has ${names.join(', ')}`);
    }
    if (value !== undefined) checks[name]!(value, name);
  }
  if ((options as { config?: unknown }).config === undefined) {
    throw mistake(`${caller} needs config, the heddle.yaml: a path, or new URL('./heddle.yaml', import.meta.url)`);
  }
}

function checkConfig(value: unknown, name: string): void {
  if (value instanceof URL && value.protocol !== 'file:') refuse(name, value.href, 'give a file URL');
  if ((typeof value === 'string' && value !== '') || value instanceof URL) return;
  refuse(name, value, "give a path, or new URL('./heddle.yaml', import.meta.url)");
}

function checkOverrides(value: unknown, name: string): void {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return;
  refuse(name, value, "give a list of texts as --set takes them: ['pools.ranking.threads=1']");
}

function checkBackends(value: unknown, name: string): void {
  if (!Array.isArray(value)) refuse(name, value, 'give a list of what backend() has made');
  const services = new Set<string>();
  for (const one of value as readonly Partial<Backend>[]) {
    if (typeof one?.service !== 'string' || !(one.methods instanceof Map) || !(one.answers instanceof Map)) {
      refuse(`an entry of ${name}`, one, 'give what backend(contract, answers) has made');
    }
    const { service } = one as Backend;
    if (services.has(service)) {
      throw mistake(`two backends stand for ${service}; put their answers into one`);
    }
    services.add(service);
  }
}

/** Of virtual time: an end that comes. */
function checkSpan(value: unknown, name: string): void {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return;
  refuse(name, value, 'give ms, a number above 0');
}

function checkStuck(value: unknown, name: string): void {
  if (value === Number.POSITIVE_INFINITY) return;
  if (Number.isInteger(value) && (value as number) >= stuckMsMin && (value as number) <= stuckMsMax) return;
  refuse(name, value, `give real ms, a whole number from ${stuckMsMin} to ${stuckMsMax}, or Infinity for never`);
}

const stuckMsMin = 100;
const stuckMsMax = 2 ** 31 - 1;

function refuse(name: string, value: unknown, wanted: string): never {
  throw mistake(`${name} is ${shown(value)}; ${wanted}`);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return 'a list of other things';
  return typeof value === 'object' && value !== null ? 'an object of another kind' : String(value);
}

function mistake(sentence: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', sentence, { retry: 'no' });
}
