// Registry: what plugins have added at one extension point of one thread, by name. The installer of the point asks it
// when it is used; names are unique, so that a config which names one means one.

import { HeddleError } from '../errors.ts';
import { nearest } from '../nearest.ts';

/** Entries of one point on one thread, the built-in ones included. */
export const entriesMax = 100;

const namePattern = /^[a-z][a-z0-9.+-]{0,63}$/;

/** What can be added: each has a name. */
export interface Named {
  readonly name: string;
}

export class Registry<Entry extends Named> {
  /** `protocol`: for sentences. */
  readonly what: string;
  readonly #entries = new Map<string, { entry: Entry; plugin: string }>();

  constructor(what: string) {
    this.what = what;
  }

  /**
   * Throws INVALID_ARGUMENT for a name that is none, ALREADY_EXISTS for one that is taken, naming who has it, and
   * RESOURCE_EXHAUSTED over `entriesMax`.
   */
  add(plugin: string, entry: Entry): void {
    const { name } = entry;
    if (typeof name !== 'string' || !namePattern.test(name)) {
      throw new HeddleError(
        'INVALID_ARGUMENT',
        `${JSON.stringify(name)} can not name a ${this.what}: lower-case letters, digits, . + and -, beginning with a letter, at most 64`,
      );
    }
    const other = this.#entries.get(name);
    if (other !== undefined) {
      throw new HeddleError('ALREADY_EXISTS', `there is a ${this.what} ${name} already, from plugin ${other.plugin}`);
    }
    if (this.#entries.size >= entriesMax) {
      throw new HeddleError('RESOURCE_EXHAUSTED', `a thread has at most ${entriesMax} of ${this.what}`);
    }
    this.#entries.set(name, { entry, plugin });
  }

  get(name: string): Entry | undefined {
    return this.#entries.get(name)?.entry;
  }

  /** The entry that a config names. Throws FAILED_PRECONDITION with the nearest name and all there are. */
  need(name: string, usedBy: string): Entry {
    const entry = this.get(name);
    if (entry !== undefined) return entry;
    const { names } = this;
    const near = nearest(name, names);
    const known = names.length === 0 ? 'there is none' : `there is ${names.join(', ')}`;
    throw new HeddleError(
      'FAILED_PRECONDITION',
      `${usedBy}: no plugin adds the ${this.what} ${JSON.stringify(name)} on this thread; ${known}${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
  }

  /** In the order of their adding. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  /** In the order of their adding. */
  get all(): Entry[] {
    return Array.from(this.#entries.values(), ({ entry }) => entry);
  }
}
