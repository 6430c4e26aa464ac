// The extension point `codec`, on IO and CPU threads: how bodies are labelled on the wire, and how plain values become
// bytes. A value codec (with read and write) carries the JSON form of a value, so that every method whose contract checks
// values can travel in it; one without is only a label, for methods that read their bytes themselves.
//
// Contracts are made at module scope and know no thread, so the list is a module's: one per thread. The built-in ones are
// added through the same point (plugins/codecs.ts), and by stand-alone clients, which have no plugins, on their own.

import { codecIds } from '../call.ts';
import { HeddleError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { Registry } from './registry.ts';

/** Ids from here on are for plugins; those below belong to Heddle, and 255 (v8) never crosses a socket. */
export const pluginCodecIdMin = 16;
/** The last id for plugins. */
export const pluginCodecIdMax = 254;

/**
 * What a plugin adds: `{ name: 'msgpack', id: 16, contentType: 'application/msgpack', read, write }`. Without `read` and
 * `write` it is a label only, for `bytes({ codec })`.
 */
export type CodecDefinition = ValueCodec | CodecLabel;

/** How a codec is called: on the wire, over HTTP, and by those who choose it. */
export interface CodecNames {
  /** What callers choose it by: `codec: 'msgpack'`. Lower-case letters, digits, `.`, `+` and `-`; unique on the thread. */
  name: string;
  /**
   * 16..254, unique on the thread: one byte in the head of a call of the heddle protocol. Both sides must mean the same
   * codec by it: choose it once for all services that call each other.
   */
  id: number;
  /** What HTTP calls it: `application/msgpack`, in lower case and without parameters; unique on the thread. */
  contentType: string;
}

/** A codec that carries values. */
export interface ValueCodec extends CodecNames {
  /**
   * The value that was written, as JSON.parse would give it: null, booleans, finite numbers, strings, arrays and plain
   * objects. `bytes` come from strangers, are never empty, are valid only until it returns (copy what you keep), and it
   * must end on any of them in time and memory that grow with their length, and little for each byte: ten million bytes may
   * be ten million values. What it throws is answered INVALID_ARGUMENT with the codec's name; so is a value of another kind,
   * one deeper than 64 levels, or one of many more parts than bytes.
   */
  read(bytes: Buffer): unknown;
  /**
   * The bytes of a value of that same kind; at least one. They are copied before the next value is written, so that it
   * may use one buffer again and again. What it throws is INTERNAL.
   */
  write(value: unknown): Uint8Array;
}

/** A codec whose bytes the methods read themselves. */
export interface CodecLabel extends CodecNames {
  read?: undefined;
  write?: undefined;
}

/** What plugins have on IO and on CPU threads. */
export interface CodecPoint {
  /**
   * Throws INVALID_ARGUMENT for a wrong definition, ALREADY_EXISTS for a name, id or content-type that is taken. A plugin
   * adds its codec on both kinds of threads: IO threads check ids and content-types, CPU threads read and write.
   */
  codec(definition: CodecDefinition): void;
}

/** The codecs of one thread. */
export class CodecTable {
  readonly #names = new Registry<CodecDefinition>('codec');
  readonly #byId: (CodecDefinition | undefined)[] = new Array(256).fill(undefined);
  readonly #byContentType = new Map<string, CodecDefinition>();

  /** The same definition once more changes nothing. Throws as `CodecPoint.codec`. */
  add(plugin: string, definition: CodecDefinition): void {
    check(definition);
    const { name, id, contentType } = definition;
    if (this.#names.get(name) === definition) return;
    const other = this.#byId[id] ?? this.#byContentType.get(contentType);
    if (other !== undefined && this.#names.get(name) === undefined) {
      const same = other.id === id ? `id ${id}` : `content-type ${contentType}`;
      throw new HeddleError(
        'ALREADY_EXISTS',
        `codec ${name}: the ${same} belongs to codec ${other.name}; choose another`,
      );
    }
    this.#names.add(plugin, definition);
    this.#byId[id] = definition;
    this.#byContentType.set(contentType, definition);
  }

  ofId(id: number): CodecDefinition | undefined {
    return this.#byId[id];
  }

  ofContentType(contentType: string): CodecDefinition | undefined {
    return this.#byContentType.get(contentType);
  }

  /** The codec that a caller names. Throws INVALID_ARGUMENT with the nearest name and all there are. */
  named(name: string): CodecDefinition {
    const definition = this.#names.get(name);
    if (definition !== undefined) return definition;
    const { names } = this.#names;
    const near = nearest(name, names);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `there is no codec ${JSON.stringify(name)} on this thread; there are ${names.join(', ')}${hint}`,
    );
  }

  /** On the wire, of a name that a caller gives. Throws INVALID_ARGUMENT. */
  idOf(name: string): number {
    return builtInId(name) ?? this.named(name).id;
  }

  /** An id that came over the wire, for sentences: `avro (codec 2)`. */
  shown(id: number): string {
    const name = this.#byId[id]?.name ?? Object.keys(codecIds).find((known) => builtInId(known) === id);
    return name === undefined ? `codec ${id}` : `${name} (codec ${id})`;
  }

  /** In the order of their adding. */
  get all(): CodecDefinition[] {
    return this.#names.all;
  }

  /** Those that carry values, beside the built-in ones of a contract. */
  get valueCodecs(): ValueCodec[] {
    return this.all.filter(isValueCodec);
  }
}

/** Of this thread. */
export const codecs = new CodecTable();

/** The point as the plugin of that name sees it. */
export function codecPoint(plugin: string): CodecPoint {
  return { codec: (definition) => codecs.add(plugin, definition) };
}

export function isValueCodec(definition: CodecDefinition | undefined): definition is ValueCodec {
  return definition?.read !== undefined;
}

/** v8 is for what Heddle's threads say to each other; nobody names it. */
function builtInId(name: string): number | undefined {
  return Object.hasOwn(codecIds, name) && name !== 'v8' ? codecIds[name as keyof typeof codecIds] : undefined;
}

const contentTypePattern = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}$/;

function check(definition: CodecDefinition): void {
  if (typeof definition !== 'object' || definition === null) {
    throw new HeddleError(
      'INVALID_ARGUMENT',
      `codec ${String(definition)}: give { name, id, contentType, read, write }`,
    );
  }
  const { name, id, contentType, read, write } = definition;
  const wrong = (what: string) => new HeddleError('INVALID_ARGUMENT', `codec ${JSON.stringify(name)}: ${what}`);
  const builtIn = builtInId(name);
  if (builtIn === undefined && !isPluginId(id)) {
    const range = `${pluginCodecIdMin} to ${pluginCodecIdMax}`;
    throw wrong(`its id must be a whole number from ${range}, not ${JSON.stringify(id)}`);
  }
  if (builtIn !== undefined && id !== builtIn) throw wrong(`its id is ${builtIn}, not ${JSON.stringify(id)}`);
  if (typeof contentType !== 'string' || !contentTypePattern.test(contentType)) {
    const why = 'must be a type and subtype in lower case, without parameters, as application/msgpack';
    throw wrong(`its contentType ${why}, not ${JSON.stringify(contentType)}`);
  }
  if (read === undefined && write === undefined) return;
  if (typeof read !== 'function' || typeof write !== 'function') {
    throw wrong('it needs both functions, read(bytes) and write(value), or none of them to be a label only');
  }
}

function isPluginId(id: unknown): boolean {
  return Number.isInteger(id) && (id as number) >= pluginCodecIdMin && (id as number) <= pluginCodecIdMax;
}
