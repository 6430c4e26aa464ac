// strategy(): a graph written in TypeScript. It has the keys of a strategy file and the same meaning; functions and
// methods of contracts stand in it as themselves. A module exports it, so that every thread can import it.

import type { StrategyOptions } from './file/options.ts';

/** The same in every copy of this package. */
const isStrategyMark: unique symbol = Symbol.for('heddle.strategy');

/** Frozen; what `strategy()` returns. `fiber.run` takes it where it takes a name, and knows the types from it. */
export interface Strategy<Request = unknown, Response = unknown> {
  readonly name: string;
  readonly options: StrategyOptions;
  readonly [isStrategyMark]: true;
  /** Types only; never set. */
  readonly types?: { request: Request; response: Response };
}

/**
 * A strategy by its name and the keys of a strategy file, to be exported from its module:
 *
 * ```ts
 * export const feed = strategy<FeedRequest, FeedResponse>('feed.recommend', {
 *   nodes: {
 *     users: { call: Users.get, input: { id: 'request.user' }, timeout: '10ms' },
 *     rank: { run: rankItems, input: { segment: 'users.segment' }, pool: 'rank' },
 *   },
 *   output: { items: 'rank.items' },
 * });
 * ```
 *
 * Nothing is checked here: mistakes come, all at once, when the strategy is loaded.
 */
export function strategy<Request = unknown, Response = unknown>(
  name: string,
  options: StrategyOptions,
): Strategy<Request, Response> {
  return Object.freeze({ name, options, [isStrategyMark]: true as const });
}

/** Whether an export of a module is a strategy. */
export function isStrategy(value: unknown): value is Strategy {
  return typeof value === 'object' && value !== null && isStrategyMark in value;
}
