// DataBudget: values for a trace, as JSON would carry them, within bounds: a value is walked until its share is used up and
// then left out as a whole, so that a value of 26 MB costs the thread of the request no more than one of 16 KiB. Sizes are
// characters (UTF-16 units) of JSON.

import type { Data } from '../definition.ts';

/** Largest value, characters of JSON. */
export const valueMax = 16_384;
/** All values of a trace together. */
export const traceValuesMax = 262_144;
/** Lists and maps within one another. */
const depthMax = 64;

/** The one key of what stands in the place of a value that was cut. */
const cutKey = '…';

/** Whether it stands in the place of a value that was too large for a trace. */
export function isCut(value: unknown): boolean {
  return typeof value === 'object' && value !== null && cutKey in value;
}

export class DataBudget {
  /** Characters that were taken. */
  used = 0;
  #left = 0;

  /** A copy; null for what JSON can't say; `{ "…": "cut: …" }` for what is larger than a value, or the rest, may be. */
  take(value: unknown): Data {
    const share = Math.min(valueMax, traceValuesMax - this.used);
    this.#left = share;
    let data: Data | undefined;
    try {
      data = this.#copy(value, '', 0);
    } catch (reason) {
      if (reason !== tooLarge) return null;
      return share < valueMax
        ? { [cutKey]: `cut: the trace's values are over ${traceValuesMax / 1024} KiB of JSON` }
        : { [cutKey]: `cut: over ${valueMax / 1024} KiB of JSON, or over ${depthMax} deep` };
    }
    this.used += share - this.#left;
    return data ?? null;
  }

  /** Undefined: JSON leaves it out. */
  #copy(given: unknown, key: string, depth: number): Data | undefined {
    if (depth > depthMax) throw tooLarge;
    if (typeof given === 'object' && given !== null) {
      // Bytes become lists of numbers: too many of them are never made.
      if (ArrayBuffer.isView(given) && given.byteLength > this.#left) throw tooLarge;
    }
    const value = jsonOf(given, key);
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'bigint':
        return this.#text(String(value));
      case 'number':
        this.#spend(Number.isFinite(value) ? String(value).length : 4);
        return Number.isFinite(value) ? value : null;
      case 'boolean':
        this.#spend(5);
        return value;
      case 'object':
        if (value === null) {
          this.#spend(4);
          return null;
        }
        return Array.isArray(value) ? this.#list(value, depth) : this.#map(value, depth);
      default:
        return undefined;
    }
  }

  #text(text: string): string {
    // Before it is looked at: it may be long.
    if (text.length > this.#left) throw tooLarge;
    this.#spend(JSON.stringify(text).length);
    return text;
  }

  #list(list: readonly unknown[], depth: number): Data {
    if (list.length > this.#left) throw tooLarge;
    this.#spend(2);
    const copy: Data[] = [];
    for (let index = 0; index < list.length; index++) {
      this.#spend(1);
      copy.push(this.#copy(list[index], String(index), depth + 1) ?? null);
    }
    return copy;
  }

  #map(map: object, depth: number): Data {
    if (map instanceof String || map instanceof Number || map instanceof Boolean) {
      return this.#copy(map.valueOf(), '', depth) ?? null;
    }
    this.#spend(2);
    const copy: Record<string, Data> = {};
    for (const key in map) {
      if (!Object.hasOwn(map, key)) continue;
      const part = this.#copy((map as Readonly<Record<string, unknown>>)[key], key, depth + 1);
      if (part === undefined) continue;
      this.#text(key);
      this.#spend(2);
      // Not `copy[key]`: a key may be `__proto__`.
      Object.defineProperty(copy, key, { value: part, enumerable: true, writable: true, configurable: true });
    }
    return copy;
  }

  #spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw tooLarge;
  }
}

const tooLarge = new Error('a value is too large for a trace');

function jsonOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !('toJSON' in value) || typeof value.toJSON !== 'function') {
    return value;
  }
  return value.toJSON(key) as unknown;
}
