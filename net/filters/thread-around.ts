// ThreadAround: what lies around the requests that one thread serves and the calls that its fibers make: filters by the
// config's names, and tracing. Made once when an IO or CPU thread starts, after its plugins and before its services; so
// names that mean nothing fail the start, and no request looks one up.

import type { Clock, Random } from '../../runtime/clock.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { FiberCalls } from '../../runtime/fiber/host.ts';
import type { JobSettings } from '../../runtime/jobs.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { ThreadExtensions } from '../../runtime/plugins/extensions.ts';
import type { ClientFilter, FilterDefinition, ServerFilter } from '../../runtime/plugins/filter.ts';
import type { ClientSettings, ServiceSettings } from '../../runtime/settings.ts';
import type { ContractMethod } from '../service/contract.ts';
import type { UntypedHandler } from '../service/implement.ts';
import { fiberCalls } from '../thread/fiber-calls.ts';
import type { ThreadCarrier } from '../thread/thread-carrier.ts';
import { type ThreadTracing, threadTracing } from '../tracing/thread-tracing.ts';
import { filteredCalls } from './filtered-calls.ts';
import { ServerChain } from './server-chain.ts';

/** What the config says, and who runs it. */
export interface AroundThread {
  kind: 'io' | 'cpu';
  name: string;
  extensions: ThreadExtensions;
  /** Of the whole process, outermost first. */
  filters: readonly string[];
  /** That this thread serves. */
  services: readonly Pick<ServiceSettings, 'name' | 'filters'>[];
  /** That run on this thread's pool. */
  jobs: readonly Pick<JobSettings, 'name'>[];
  clients: readonly Pick<ClientSettings, 'name' | 'filters'>[];
  clock: Clock;
  random: Random;
  logger: (component: string) => Logger;
}

export class ThreadAround {
  readonly tracing: ThreadTracing | undefined;
  readonly #kind: 'io' | 'cpu';
  /** An IO thread without services and jobs runs offloaded functions alone: no plugin of CPU threads must stop it. */
  readonly #isIdle: boolean;
  readonly #extensions: ThreadExtensions;
  readonly #server = new Map<string, readonly ServerFilter[]>();
  readonly #client = new Map<string, readonly ClientFilter[]>();
  /** Around calls of services that have no filters of their own. */
  readonly #anyClient: readonly ClientFilter[];

  /** Throws FAILED_PRECONDITION for a name that no plugin of this thread adds, and for a filter without the side asked for. */
  constructor({ kind, name, extensions, filters, services, jobs, clients, clock, random, logger }: AroundThread) {
    this.#kind = kind;
    this.#extensions = extensions;
    this.tracing = threadTracing(extensions.tracers.all, {
      clock,
      random,
      threadName: name,
      log: logger('tracing'),
    });
    this.#isIdle = kind === 'io' && services.length === 0 && jobs.length === 0;
    const global = filters.map((filter) => this.#need(filter, 'filters'));
    const around = global.map((filter) => filter.server?.bind(filter)).filter((side) => side !== undefined);
    for (const service of services) {
      const own = service.filters.map((filter) => this.#sideOf(filter, 'server', `services.${service.name}.filters`));
      this.#server.set(service.name, [...around, ...own]);
    }
    this.#anyClient = global.map((filter) => filter.client?.bind(filter)).filter((side) => side !== undefined);
    for (const client of clients) {
      if (client.filters.length === 0) continue;
      const own = client.filters.map((filter) => this.#sideOf(filter, 'client', `clients.${client.name}.filters`));
      this.#client.set(client.name, [...this.#anyClient, ...own]);
    }
  }

  /** The filters around the handler of a method; undefined: none. */
  readonly chainOf = (method: ContractMethod, handler: UntypedHandler): ServerChain | undefined => {
    const filters = this.#server.get(method.service) ?? [];
    return filters.length === 0 ? undefined : new ServerChain(method, handler, filters);
  };

  /** Around calls of a service, outermost first. */
  clientFilters(service: string): readonly ClientFilter[] {
    return this.#client.get(service) ?? this.#anyClient;
  }

  /** What the fibers of the thread call with. */
  calls(carrier: ThreadCarrier): FiberCalls {
    const isPlain = this.tracing === undefined && this.#anyClient.length === 0 && this.#client.size === 0;
    return isPlain ? fiberCalls(carrier) : filteredCalls(carrier, this);
  }

  /** The thread stops. Never rejects; bounded. */
  async close(): Promise<void> {
    await this.tracing?.close();
  }

  #need(filter: string, usedBy: string): FilterDefinition {
    if (this.#isIdle && this.#extensions.filters.get(filter) === undefined) {
      return { name: filter, client: () => Promise.reject(notHere(filter, usedBy)) };
    }
    const where = this.#kind === 'io' ? `${usedBy} (pool io, so its plugin must live on io threads)` : usedBy;
    return this.#extensions.filters.need(filter, where);
  }

  #sideOf<Side extends 'server' | 'client'>(filter: string, side: Side, usedBy: string) {
    const definition = this.#need(filter, usedBy);
    const run = definition[side]?.bind(definition);
    if (run !== undefined) return run as NonNullable<FilterDefinition[Side]>;
    const other =
      side === 'server'
        ? 'calls alone: name it in filters or clients.NAME.filters'
        : 'requests alone: name it in filters or services.NAME.filters';
    throw new HeddleError('FAILED_PRECONDITION', `${usedBy}: filter ${filter} has no ${side} side; it is for ${other}`);
  }
}

function notHere(filter: string, usedBy: string): HeddleError {
  return new HeddleError(
    'FAILED_PRECONDITION',
    `${usedBy}: filter ${filter} is missing on this IO thread, so what is offloaded to it can make no calls; let its plugin live on io threads too, or run that on a CPU pool`,
  );
}
