// Filters: functions of `next` around each request that a thread serves and around each call that its fibers make, and the
// extension point by which a plugin adds one. heddle.yaml says which are used where, and in which order; the chains are
// put together in net/filters/ when a thread starts.

import type { Priority } from '../call.ts';
import { HeddleError } from '../errors.ts';
import type { FiberContext } from '../fiber/context.ts';
import type { Registry } from './registry.ts';

/**
 * Runs what lies inside of the filter: the filters behind it, then the handler or the call itself. Its promise is the
 * response, or the error that came instead; it never counts as unhandled. `request` takes the place of the request for
 * all that lies inside; undefined: the filter's own goes on. May be called more than once, each a run of its own.
 */
export type Next = (request?: unknown) => Promise<unknown>;

/** Around a request: what it returns is the response, what it throws the failure. It may do both without `next`. */
export type ServerFilter = (call: ServerCall, next: Next) => unknown;

/** Around a call: what it returns is what the caller gets, what it throws is what the call fails with. */
export type ClientFilter = (call: ClientCall, next: Next) => unknown;

/** A request, as a filter around its handler sees it. */
export interface ServerCall {
  readonly service: string;
  readonly method: string;
  /** `movies.Rank/score`. */
  readonly fullName: string;
  /** The request's fiber, the same that the handler gets: its deadline, `check`, `call`, `log`, `setLocal`. */
  readonly fiber: FiberContext;
  /**
   * What the handler would be given now. Decoded when a filter first looks, so that one which refuses by metadata costs no
   * decoding. Throws INVALID_ARGUMENT when the body does not fit the contract.
   */
  readonly request: unknown;
  /** The text pairs that came along; what is changed here the filters behind and the handler see in `fiber.metadata`. */
  readonly metadata: Map<string, string>;
  /** The text pairs that go back with the response or the failure. */
  readonly replyMetadata: Map<string, string>;
  /** 1 for the caller's first try, one more with each repetition. */
  readonly attempt: number;
  /** The caller says that running it twice is harmless. */
  readonly idempotent: boolean;
  /** Nobody waits for an answer. */
  readonly oneWay: boolean;
  /** Calls of this process above this one; 0: it came from outside. */
  readonly depth: number;
}

/**
 * A call under way, as a filter around it sees it. What a filter changes holds for all that lies inside of it, from its
 * next `next` on.
 */
export interface ClientCall {
  readonly service: string;
  readonly method: string;
  /** `movies.Rank/score`. */
  readonly fullName: string;
  readonly request: unknown;
  /** Text pairs for the callee; add, change and delete at will. */
  readonly metadata: Record<string, string>;
  /** At most this long from each `next` on, ms; undefined: as long as fiber and client have. */
  timeoutMs: number | undefined;
  /** Running it twice is harmless, so that the client may repeat it. */
  idempotent: boolean;
  /** Undefined: the fiber's own; in a stand-alone client `normal`. */
  priority: Priority | undefined;
  /** The caller's. */
  readonly signal: AbortSignal | undefined;
  /** No answer comes: `next` resolves with undefined when the request is handed on. */
  readonly oneWay: boolean;
  /** The fiber that calls; undefined in a stand-alone client. */
  readonly fiber: FiberContext | undefined;
  /** The text pairs that came with the last answer, success or failure; undefined: none came. */
  readonly replyMetadata: ReadonlyMap<string, string> | undefined;
}

/** What a plugin adds: one side, or both. */
export interface FilterDefinition {
  /** As `filters` of heddle.yaml names it: lower-case letters, digits, . + and -, at most 64. Unique on the thread. */
  name: string;
  /** Around requests: in `filters`, around those of all services; in `services.NAME.filters`, around that one's. */
  server?: ServerFilter;
  /** Around calls: in `filters`, around all that fibers make; in `clients.NAME.filters`, around those of that service. */
  client?: ClientFilter;
}

/** What plugins have on IO and CPU threads. */
export interface FilterPoint {
  /**
   * Throws INVALID_ARGUMENT for a wrong definition, ALREADY_EXISTS for a name that is taken. A filter that heddle.yaml does
   * not name is never called.
   */
  filter(definition: FilterDefinition): void;
}

export function filterPoint(plugin: string, filters: Registry<FilterDefinition>): FilterPoint {
  return {
    filter: (definition) => {
      const { name, server, client } = definition;
      const wrong = (what: string) => new HeddleError('INVALID_ARGUMENT', `filter ${JSON.stringify(name)}: ${what}`);
      for (const [side, run] of Object.entries({ server, client })) {
        if (run !== undefined && typeof run !== 'function') {
          throw wrong(`${side} must be a function of (call, next), not ${typeof run}`);
        }
      }
      if (server === undefined && client === undefined) {
        throw wrong('it has neither side; give it server(call, next), client(call, next) or both');
      }
      filters.add(plugin, definition);
    },
  };
}
