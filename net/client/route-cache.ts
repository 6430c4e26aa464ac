// RouteCache: the encoded names of the methods that a channel calls, so that a call does not encode them again.

import { type EncodedRoute, encodeRoute } from '../protocol/heddle/encode.ts';

/** Methods kept; others are encoded anew with each call: who makes up method names must not fill the memory. */
const routesMax = 1_024;

export class RouteCache {
  readonly #services = new Map<string, Map<string, EncodedRoute>>();
  #size = 0;

  /** Throws INVALID_ARGUMENT when a name is over 255 bytes. */
  get(service: string, method: string): EncodedRoute {
    return this.#services.get(service)?.get(method) ?? this.#encode(service, method);
  }

  #encode(service: string, method: string): EncodedRoute {
    const route = encodeRoute(service, method);
    if (this.#size === routesMax) return route;
    const methods = this.#services.get(service) ?? new Map<string, EncodedRoute>();
    this.#services.set(service, methods.set(method, route));
    this.#size++;
    return route;
  }
}

/** `movies.Rank/score`, for error sentences. */
export function routeText(route: EncodedRoute): string {
  const { bytes, serviceBytes } = route;
  return `${bytes.toString('utf8', 0, serviceBytes)}/${bytes.toString('utf8', serviceBytes)}`;
}
