// RouteNames: service and method of a request as strings, without making strings: the names of a route that was seen
// before are found by comparing bytes. One per IO thread, shared by its connections; a fixed number of places, where a
// newcomer takes the place of whoever was there, so strangers' names cost time but no memory.

export interface RouteName {
  readonly service: string;
  readonly method: string;
  /** The service's bytes, then the method's. */
  readonly bytes: Buffer;
  readonly serviceBytes: number;
}

/** Routes remembered; a power of two. With names at their longest (255 bytes each) that is about 1 MB. */
const routeNamesMax = 1024;

export class RouteNames {
  readonly #places: (RouteName | undefined)[] = new Array(routeNamesMax).fill(undefined);

  /** The service's name lies in `source` from `serviceStart`, the method's from `methodStart` to `methodEnd`. */
  find(source: Buffer, serviceStart: number, methodStart: number, methodEnd: number): RouteName {
    const length = methodEnd - serviceStart;
    let hash = methodStart - serviceStart;
    for (let at = serviceStart; at < methodEnd; at++) hash = Math.imul(hash ^ source[at]!, 0x01000193);
    const place = (hash ^ (hash >>> 15)) & (routeNamesMax - 1);
    const known = this.#places[place];
    if (known !== undefined && known.serviceBytes === methodStart - serviceStart && known.bytes.length === length) {
      const bytes = known.bytes;
      let index = 0;
      while (index < length && bytes[index] === source[serviceStart + index]) index++;
      if (index === length) return known;
    }
    const bytes = Buffer.allocUnsafeSlow(length);
    source.copy(bytes, 0, serviceStart, methodEnd);
    const route: RouteName = {
      service: source.toString('utf8', serviceStart, methodStart),
      method: source.toString('utf8', methodStart, methodEnd),
      bytes,
      serviceBytes: methodStart - serviceStart,
    };
    this.#places[place] = route;
    return route;
  }
}
