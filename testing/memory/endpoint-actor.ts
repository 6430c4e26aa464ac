// A thread of an EndpointWorld, and what such a world is made of.

import type { CallReply } from '../../runtime/call.ts';
import type { Route } from '../../runtime/shared/asker.ts';
import type { ThreadEndpoint } from '../../runtime/thread-endpoint.ts';
import type { SteppingModules } from '../steps/steps.ts';
import type { SimThread } from '../steps/world.ts';
import type { EchoWork, Ticket } from './echo-work.ts';
import type { ControlPort } from './endpoint-ports.ts';

/**
 * What handlers do: return at once; go on until nothing else can move; give their reply later, in a task of their own; or
 * each in turn.
 */
export type Handlers = 'short' | 'long' | 'later' | 'mixed';

export interface EndpointWorldOptions {
  modules: SteppingModules;
  capacity: number;
  takers: number;
  /** For each asker the requests that it puts in one event, event by event. */
  batches: readonly (readonly number[])[];
  /** Cancels of each asker, of its oldest request. */
  cancels?: number;
  /** `short` when left out. */
  handlers?: Handlers;
  /** The first so many requests call the same pool once more, and wait for that. */
  nested?: number;
  /** Events of each taker's own, such as timers, that run user code for long. */
  ownEvents?: number;
  /** Fibers at once on each taker; 2 when left out. */
  maxFibers?: number;
  /** Taker number that is told to drain at some time; 0: none. */
  drains?: number;
  deaths?: number;
  /** A death is decided first, which takes one of two steps to kill. */
  condemns?: boolean;
  mayDie?: 'takers' | 'askers' | 'all';
  /** A dead thread's number goes to a new one. */
  reuse?: boolean;
  /** A new thread is let go before all others know of it. */
  impatient?: boolean;
  /** How often the pool turns to a next generation of threads, which take from its other queue. Needs `reuse`. */
  rolls?: number;
  /** A mutant of main's: the old generation leaves without regard to who still puts there. */
  leavesEarly?: boolean;
  /** Threads that stand still while they write a slot. */
  stalls?: number;
  bodyBytes?: number;
  /** Over 80 they go by the side port. 4 when left out. */
  replyBytes?: number;
  /** Words of each request table; 4 when left out. */
  entries?: number;
  start?: number;
}

/** One life of a thread. */
export interface Actor {
  readonly thread: SimThread;
  readonly number: number;
  readonly asks: boolean;
  /** Index of the queue that it takes from. */
  readonly queue: number;
  readonly endpoint: ThreadEndpoint;
  readonly work: EchoWork;
  readonly port: ControlPort;
  readonly microtasks: (() => unknown)[];
  readonly immediates: (() => unknown)[];
  /** Rings that have not been heard. */
  readonly bells: (() => unknown)[];
  /** Fibers that will give their replies later. */
  readonly fibers: { ticket: Ticket; reply: CallReply; tag: number }[];
  /** Batches still to be put. */
  readonly events: number[];
  ownEvents: number;
  cancelsLeft: number;
  isGoing: boolean;
  condemned: boolean;
  /** What it ran when its end was decided. */
  ranWhenCondemned: number[];
  readonly asked: { handle: number; tag: number }[];
  route: Route;
}
