// BypassedFilters (main thread): tells operators which filters the calls of a listener do not pass since it forwards them.
// Not a mistake of the config: a service is moved by one line and a reload, and its filters still lie around what comes in
// elsewhere. But whoever relies on them for access must know.

import type { Logger } from '../../runtime/logger.ts';
import type { Settings } from '../../runtime/settings.ts';
import { listenersOf } from '../accept/listener.ts';

export class BypassedFilters {
  readonly #log: Logger;
  /** What was said of each listener, by its address. */
  #told = new Map<string, string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** These settings hold from now on. Says what it has not said of a listener before. */
  look(settings: Settings): void {
    const told = new Map<string, string>();
    for (const { binding, services } of listenersOf(settings)) {
      const { forward } = binding.traffic;
      const own = settings.services.filter(({ name }) => services.includes(name)).flatMap((service) => service.filters);
      const filters = [...new Set([...settings.filters, ...own])];
      if (forward === undefined || filters.length === 0) continue;
      const listener = `${binding.protocol}://${binding.host}:${binding.port}`;
      told.set(listener, filters.join());
      if (this.#told.get(listener) === filters.join()) continue;
      const target = forward.map(({ host, port }) => `${host}:${port}`).join();
      this.#log.warn(
        { listener, target, filters },
        'a listener forwards its calls past the filters of this process: let the target check what they would have checked',
      );
    }
    this.#told = told;
  }
}
