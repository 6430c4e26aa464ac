// Origins: for each number of the Settings, where it came from. Kept beside the Settings, which stay plain data.

import type { Place } from '../document/problem.ts';

/** Where the values of settings objects came from, by object and key. */
export class Origins {
  readonly #places = new Map<object, Map<string, Place>>();

  note(part: object, key: string, place: Place | undefined): void {
    if (place === undefined || place.source.kind === 'default') return;
    let places = this.#places.get(part);
    if (places === undefined) {
      places = new Map();
      this.#places.set(part, places);
    }
    places.set(key, place);
  }

  place(part: object, key: string): Place | undefined {
    return this.#places.get(part)?.get(key);
  }

  /** `heddle.yaml:12`, `--set #1`, `environment` or `default`. */
  of(part: object, key: string): string {
    const place = this.place(part, key);
    return place === undefined ? 'default' : place.source.origin(place.start);
  }
}
