// strategyMethod: a method of a service that is a strategy, for implement(). On the threads that serve.

import type { FiberContext, StrategyRef } from '../runtime/fiber/context.ts';

/**
 * A handler that runs a strategy on the request and answers what it gives:
 *
 * ```ts
 * export default implement(Feed, { recommend: strategyMethod(feed) });
 * export default implement(Feed, { recommend: strategyMethod('feed.recommend') });
 * ```
 *
 * The deadline is the request's. Fails with what the strategy fails with; NOT_FOUND for a name that no strategy has. With
 * what `strategy()` made, the compiler compares its types with the method's; with a name, nobody does before it runs.
 */
export function strategyMethod<Request, Response>(
  strategy: StrategyRef<Request, Response> | string,
): (request: Request, fiber: FiberContext) => Promise<Response> {
  return (request, fiber) => fiber.run<Request, Response>(strategy, request);
}
