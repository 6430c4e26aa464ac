// FilteredInvoke: one call of a stand-alone client inside its filters. Each `next` of the innermost one is a call of its
// own, with the client's retries.

import { HeddleError } from '../../runtime/errors.ts';
import type { ClientFilter } from '../../runtime/plugins/filter.ts';
import type { ContractMethod } from '../service/contract.ts';
import { type CallWishes, type FilteredCall, type FilteredSender, runFilteredCall } from './client-chain.ts';
import { filterFailed } from './filter-failed.ts';

/** What a caller may say of one call; the rest of it goes along unseen. */
export interface FilteredOptions extends CallWishes {
  readonly oneWay?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onReplyMetadata?: ((pairs: ReadonlyMap<string, string>) => void) | undefined;
}

/** Makes one call, all its attempts. */
export type Invoke<Options> = (request: unknown, options?: Options) => Promise<unknown>;

/** Throws INVALID_ARGUMENT for what is no list of functions. */
export function checkFilters(filters: readonly ClientFilter[] | undefined): readonly ClientFilter[] {
  if (filters === undefined) return [];
  if (Array.isArray(filters) && filters.every((filter) => typeof filter === 'function')) return [...filters];
  throw new HeddleError('INVALID_ARGUMENT', 'filters of a client must be a list of functions (call, next)');
}

/** `invoke` with the filters around it. Rejects with HeddleError. */
export function filteredInvoke<Options extends FilteredOptions>(
  filters: readonly ClientFilter[],
  method: ContractMethod,
  invoke: Invoke<Options>,
): Invoke<Options> {
  return (request, options) => new FilteredInvoke(filters, method, invoke, options).run(request);
}

class FilteredInvoke<Options extends FilteredOptions> implements FilteredSender {
  readonly #filters: readonly ClientFilter[];
  readonly #method: ContractMethod;
  readonly #invoke: Invoke<Options>;
  readonly #options: Partial<Options>;
  /** The pairs of the last answer. */
  #pairs: ReadonlyMap<string, string> | undefined;

  constructor(
    filters: readonly ClientFilter[],
    method: ContractMethod,
    invoke: Invoke<Options>,
    options: Options | undefined,
  ) {
    this.#filters = filters;
    this.#method = method;
    this.#invoke = invoke;
    this.#options = options ?? {};
  }

  async run(request: unknown): Promise<unknown> {
    const { oneWay, signal, onReplyMetadata } = this.#options;
    const method = this.#method;
    const common = { filters: this.#filters, method, fiber: undefined, signal, sender: this };
    try {
      return await runFilteredCall({ ...common, oneWay: oneWay ?? method.oneWay }, request, this.#options);
    } catch (reason) {
      throw filterFailed(method.fullName, reason);
    } finally {
      if (this.#pairs !== undefined) onReplyMetadata?.(this.#pairs);
    }
  }

  send(call: FilteredCall): Promise<unknown> {
    const { timeoutMs, idempotent, priority } = call;
    const changed = { timeoutMs, idempotent, priority, metadata: call.metadataIfAny };
    this.#pairs = undefined;
    const onReplyMetadata = (pairs: ReadonlyMap<string, string>): void => {
      this.#pairs = pairs;
      call.replied(pairs);
    };
    return this.#invoke(call.request, { ...this.#options, ...changed, onReplyMetadata } as Options);
  }
}
