// ChannelOptions: every bound of a client, with unit, default and reason. Checked here once, at the door; the code
// behind trusts them. Heddle's own config (ClientSettings) fills the same names.

import { HeddleError } from '../../runtime/errors.ts';
import { namedAddressesMax } from '../../runtime/plugins/naming.ts';
import { clientConnectionsMax } from '../../runtime/settings.ts';
import { type Address, checkAddresses, parseTarget } from './address.ts';
import { type BalancerName, balancerNames } from './balancer.ts';
import type { RetryOptions } from './retry-policy.ts';

/** The checked options of one channel. Its owner may change them while it lives, and then says so (`optionsChanged`). */
export interface ChannelOptions extends RetryOptions {
  /** The service that is called, for error sentences and logs. */
  name: string;
  /** Empty where `namedBy` is set: they come by `setAddresses`. */
  addresses: Address[];
  /** The target whose naming gives the addresses, for error sentences: `consul://shop-stock`. Default: they never change. */
  namedBy?: string | undefined;
  /** Default `round-robin`. */
  balance: BalancerName;
  /** Longest call, ms; a caller's shorter deadline wins; 0: none. Default 30,000: a call without any end is a leak. */
  timeoutMs: number;
  /** From the first SYN to an open connection, name resolution apart, ms. Default 1,000: then the next address is tried. */
  connectTimeoutMs: number;
  /** Calls that wait for a connection or a reply, over all connections; over it RESOURCE_EXHAUSTED. Default 10,000. */
  maxInFlight: number;
  /** Connections to each address. Default 1: calls are multiplexed; more helps only when one core can't read one socket. */
  connections: number;
  /** Largest frame, both ways, bytes. Default 10,000,000; the server has its own bound. */
  frameBytes: number;
  /**
   * Bytes of one connection that its peer has not taken yet, and bytes of all calls that wait for a connection; from it
   * on RESOURCE_EXHAUSTED. The frame that crosses it still fits. Default 16,777,216: room for one largest frame and others beside it.
   */
  writeBufferBytes: number;
  /** Range of the first delay before reconnecting, ms. Default 50. */
  backoffFirstMs: number;
  /** Range of the longest delay before reconnecting, ms. Default 5,000. */
  backoffMaxMs: number;
  /** How long after losing the last connection calls wait for a new one before they fail, ms. Default 1,000: a restart. */
  reconnectGraceMs: number;
  /** Silence on a connection before it is probed, ms; 0: never. Default 15,000: below the idle limits of most networks. */
  pingIntervalMs: number;
  /** Silence after a probe before the peer counts as dead, ms. Default 5,000. */
  pingTimeoutMs: number;
  /** How long `close` waits for unsent bytes, ms. Default 1,000. */
  closeTimeoutMs: number;
  /** How long calls in flight at an address that was taken out may go on, ms. Default 30,000: the default longest call. */
  retireTimeoutMs: number;
  /**
   * Attempts of one call, the first included; 1: no retries. Default 3: the first retry hides a lost connection or
   * thread, the second one that met the same again; beyond that it is no accident.
   */
  maxAttempts: number;
  /** Longest attempt, ms; 0: none. Default 0: only who knows the callee knows when it is slow. */
  attemptTimeoutMs: number;
  /** Retries per hundred calls of the last ten seconds. Default 20: an overload grows by a fifth at most. */
  retryBudgetPercent: number;
  /** Retries a second, over ten seconds, that a quiet client may always make. Default 10. */
  retryMinPerSecond: number;
  /** Range of the first wait before a retry, ms. Default 5. */
  retryBackoffFirstMs: number;
  /** Range of the longest, ms; a server that asks for a longer wait gets no retry. Default 250. */
  retryBackoffMaxMs: number;
  /** Failures in a row after which an address takes no calls; 0: never. Default 5: fewer could be one bad request. */
  ejectAfter: number;
  /** For how long at first, ms; each time in a row doubles it. Default 1,000: a restart. */
  ejectForMs: number;
  /** For how long at most, ms. Default 30,000: a repaired server is found again within that. */
  ejectMaxMs: number;
}

/** What a caller may leave out. `target` is the text form of `addresses`; one of the two is needed. */
export interface ChannelOptionsInput extends Partial<ChannelOptions> {
  target?: string;
}

type NumberOption = {
  [Name in keyof ChannelOptions]-?: ChannelOptions[Name] extends number ? Name : never;
}[keyof ChannelOptions];

/** A timer can't wait longer than this, ms (24.8 days). */
const longestMs = 2 ** 31 - 1;

const numberOptions: Record<NumberOption, { initial: number; min: number; max: number }> = {
  timeoutMs: { initial: 30_000, min: 0, max: longestMs },
  connectTimeoutMs: { initial: 1_000, min: 1, max: longestMs },
  maxInFlight: { initial: 10_000, min: 1, max: 2 ** 20 },
  connections: { initial: 1, min: 1, max: 64 },
  frameBytes: { initial: 10_000_000, min: 1_024, max: 2 ** 30 },
  writeBufferBytes: { initial: 16_777_216, min: 1_024, max: 2 ** 31 - 1 },
  backoffFirstMs: { initial: 50, min: 1, max: longestMs },
  backoffMaxMs: { initial: 5_000, min: 1, max: longestMs },
  reconnectGraceMs: { initial: 1_000, min: 0, max: longestMs },
  pingIntervalMs: { initial: 15_000, min: 0, max: longestMs },
  pingTimeoutMs: { initial: 5_000, min: 1, max: longestMs },
  closeTimeoutMs: { initial: 1_000, min: 0, max: longestMs },
  retireTimeoutMs: { initial: 30_000, min: 0, max: longestMs },
  maxAttempts: { initial: 3, min: 1, max: 10 },
  attemptTimeoutMs: { initial: 0, min: 0, max: longestMs },
  retryBudgetPercent: { initial: 20, min: 0, max: 100 },
  retryMinPerSecond: { initial: 10, min: 0, max: 100_000 },
  retryBackoffFirstMs: { initial: 5, min: 0, max: longestMs },
  retryBackoffMaxMs: { initial: 250, min: 0, max: longestMs },
  ejectAfter: { initial: 5, min: 0, max: 1_000_000 },
  ejectForMs: { initial: 1_000, min: 1, max: longestMs },
  ejectMaxMs: { initial: 30_000, min: 1, max: longestMs },
};

const numberNames = Object.keys(numberOptions) as NumberOption[];

/** Pairs of which the second may not be smaller. */
const ranges = [
  ['backoffFirstMs', 'backoffMaxMs'],
  ['retryBackoffFirstMs', 'retryBackoffMaxMs'],
  ['ejectForMs', 'ejectMaxMs'],
] as const;

const names: readonly string[] = ['name', 'target', 'addresses', 'namedBy', 'balance', ...numberNames];

/** Fills in the defaults. Throws INVALID_ARGUMENT that names the option, its value and what is allowed. */
export function checkOptions(input: ChannelOptionsInput): ChannelOptions {
  const unknown = Object.keys(input).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalid(`there is no option ${unknown}; there are ${names.join(', ')}`);
  const numbers = {} as Record<NumberOption, number>;
  for (const name of numberNames) numbers[name] = checkNumber(name, input[name]);
  const balance = input.balance ?? 'round-robin';
  if (!balancerNames.includes(balance)) {
    throw invalid(`balance must be ${balancerNames.join(' or ')}, not ${JSON.stringify(balance)}`);
  }
  const addresses = input.namedBy === undefined ? addressesOf(input) : [];
  if (addresses.length * numbers.connections > clientConnectionsMax) {
    throw invalid(
      `${addresses.length} addresses with ${numbers.connections} connections each are over ${clientConnectionsMax} connections in all; lower connections`,
    );
  }
  for (const [first, last] of ranges) {
    if (numbers[last] < numbers[first])
      throw invalid(`${last} (${numbers[last]}) must be at least ${first} (${numbers[first]})`);
  }
  const { name = 'the service', namedBy } = input;
  return { name, addresses, balance, ...numbers, ...(namedBy !== undefined && { namedBy }) };
}

/** Addresses that fit a channel whose naming gives them, bounded by its connections too. */
export function addressesThatFit({ connections }: ChannelOptions): number {
  return Math.min(namedAddressesMax, Math.floor(clientConnectionsMax / connections));
}

/** How calls are repeated unless somebody says otherwise, for those who have no address: calls within the process. */
export function defaultRetryOptions(): RetryOptions {
  const numbers = {} as Record<NumberOption, number>;
  for (const name of numberNames) numbers[name] = numberOptions[name].initial;
  return { ...numbers, timeoutMs: 0 };
}

function addressesOf(input: ChannelOptionsInput): Address[] {
  if (input.target !== undefined && input.addresses !== undefined) {
    throw invalid('give either target or addresses, not both');
  }
  if (input.addresses !== undefined) return checkAddresses(input.addresses);
  if (input.target === undefined) throw invalid("a client needs a target, as in target: 'heddle://127.0.0.1:7000'");
  return parseTarget(input.target);
}

function checkNumber(name: NumberOption, value: number | undefined): number {
  const { initial, min, max } = numberOptions[name];
  if (value === undefined) return initial;
  if (!Number.isInteger(value) || value < min || value > max) {
    throw invalid(`${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(value) ?? value}`);
  }
  return value;
}

function invalid(message: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', message);
}
