// The upward seam: what a thread of the scheduler expects of the module above that serves its requests. The scheduler
// imports none of it; it gets the module's URL as data.

import type { CallHead, CallReply } from '../runtime/call.ts';
import type { Random } from '../runtime/clock.ts';
import type { FiberContext } from '../runtime/fiber/context.ts';
import type { RequestRunner } from './request-runner.ts';
import type { ServedRow } from './thread-pool.ts';

/** One served method. */
export interface Processor {
  readonly service: string;
  readonly method: string;
  readonly reads: boolean;
  /** Handlers run inside AsyncLocalStorage. */
  readonly asyncContext: boolean;
  /** How the caller's body is read and the reply written. Throws HeddleError when there is no way. */
  form(head: CallHead): ProcessorForm;
}

export interface ProcessorForm {
  /** Reads the body (private memory) and calls the handler: its value, or a promise of it. */
  start(head: CallHead, fiber: FiberContext): unknown;
  /**
   * Writes a value into `reply`: source, body range, codec, fingerprint. The source is valid until the next encode.
   * Throws HeddleError when the value does not fit the contract.
   */
  encode(value: unknown, reply: CallReply): void;
}

/** What the module at `hostUrl` exports. */
export interface HostModule {
  /** Loads the thread's services into `runner`; resolves with what they serve. Throws what is wrong with them. */
  hostThread(runner: RequestRunner, data: unknown, random: Random): Promise<ServedRow[]>;
}
