// AdminCommands: what the admin can be asked, by path and verb. The built-in paths and those of plugins stand in one list,
// on the admin thread.

import { HeddleError } from '../runtime/errors.ts';

export interface AdminCommand {
  /** `/threads`; parts of lower-case letters, digits and dashes. */
  path: string;
  /** GET for what only reads, POST for what changes something. */
  verb: 'GET' | 'POST';
  /** One sentence, for the list at `/`. */
  summary: string;
  /**
   * A string is answered as text, an AdminReply as it says, anything else as JSON. May throw HeddleError, whose code
   * becomes the status. Runs on the admin thread: it must not block, nor use what runs on libuv's thread pool.
   */
  run(ask: AdminAsk): unknown;
}

export interface AdminAsk {
  query: URLSearchParams;
  /** The body of a POST, read as JSON; undefined: it has none. */
  body: unknown;
}

export interface AdminReplyOptions {
  /** Default 200. */
  status?: number;
  /** Default: the body is a value, and is sent as JSON. With a type it must be a string. */
  contentType?: string;
  /** Browsers save it under this name. */
  fileName?: string;
}

/** An answer that is more than a value. */
export class AdminReply {
  readonly body: unknown;
  readonly status: number;
  readonly contentType: string | undefined;
  readonly fileName: string | undefined;

  constructor(body: unknown, { status = 200, contentType, fileName }: AdminReplyOptions = {}) {
    this.body = body;
    this.status = status;
    this.contentType = contentType;
    this.fileName = fileName;
  }
}

/** Paths at most, of Heddle and of all plugins. */
const commandsMax = 200;

export class AdminCommands {
  readonly #byPath = new Map<string, Map<string, AdminCommand>>();

  /** Throws INVALID_ARGUMENT, ALREADY_EXISTS or RESOURCE_EXHAUSTED. */
  add(command: AdminCommand): void {
    const { path, verb } = command;
    if (!/^(\/[a-z0-9][a-z0-9-]*)+$/.test(path)) {
      throw new HeddleError('INVALID_ARGUMENT', `${JSON.stringify(path)} is no path of the admin; write it as /caches`);
    }
    const verbs = this.#byPath.get(path) ?? new Map<string, AdminCommand>();
    if (verbs.has(verb)) throw new HeddleError('ALREADY_EXISTS', `the admin has a ${verb} ${path} already`);
    if (this.#byPath.size >= commandsMax) {
      throw new HeddleError('RESOURCE_EXHAUSTED', `the admin has ${commandsMax} paths, and ${path} is one too many`);
    }
    this.#byPath.set(path, verbs.set(verb, command));
  }

  /** The commands of a path by verb; undefined: there is no such path. */
  at(path: string): ReadonlyMap<string, AdminCommand> | undefined {
    return this.#byPath.get(path);
  }

  /** In the order in which they were added. */
  get all(): AdminCommand[] {
    return [...this.#byPath.values()].flatMap((verbs) => [...verbs.values()]);
  }
}
