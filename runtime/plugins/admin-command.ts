// The extension point `adminCommand`: paths that plugins add to the admin. Its installer, on the admin thread, has the
// list of all paths; here is what plugins see of it, and what is checked and bounded for them.

import type { Clock } from '../clock.ts';
import { HeddleError } from '../errors.ts';
import { within } from './within.ts';

/** How long a command may run unless it says otherwise, and at most, ms. */
const timeoutMs = { default: 10_000, max: 60_000 } as const;

/** A path of the admin: `GET /hot-films`, `heddle admin hot-films`. */
export interface AdminCommand {
  /** `/hot-films`: parts of lower-case letters, digits and dashes. Unique with its verb. */
  path: string;
  /** GET for what only reads, POST for what changes something. */
  verb: 'GET' | 'POST';
  /** One sentence, for the list of all paths. */
  summary: string;
  /** Longest run, ms, at most 60,000; over it DEADLINE_EXCEEDED. Default: 10,000. */
  timeoutMs?: number;
  /**
   * Its answer, or a promise of it: a string is answered as text, anything else as JSON. Throw a HeddleError to say what
   * is wrong with the call: its code becomes the status. It runs on the admin thread, where all else that operators look
   * at waits while it computes.
   */
  run(call: AdminCall): unknown;
}

/** One call of an admin command. */
export interface AdminCall {
  readonly query: URLSearchParams;
  /** The body of a POST, read as JSON; undefined: it has none. */
  readonly body: unknown;
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
}

/** What plugins have on the admin thread. */
export interface AdminCommandPoint {
  /**
   * Throws INVALID_ARGUMENT for a wrong definition, ALREADY_EXISTS when path and verb are taken, RESOURCE_EXHAUSTED when
   * there are too many.
   */
  adminCommand(command: AdminCommand): void;
}

/** A command as the admin's own list takes it: checked, bounded in time, its errors named. */
export interface ListedCommand {
  path: string;
  verb: 'GET' | 'POST';
  summary: string;
  run(call: Omit<AdminCall, 'signal'>): Promise<unknown>;
}

/** The point as the plugin of that name sees it; `add` puts a command into the list, or throws why it can't. */
export function adminCommandPoint(plugin: string, add: (command: ListedCommand) => void, clock: Clock) {
  const point: AdminCommandPoint = {
    adminCommand: (command) => {
      checkCommand(command);
      const { path, verb, summary } = command;
      add({ path, verb, summary, run: (call) => run(command, plugin, call, clock) });
    },
  };
  return point;
}

function checkCommand({ path, verb, summary, run, timeoutMs: boundMs = timeoutMs.default }: AdminCommand): void {
  const wrong = (what: string) => new HeddleError('INVALID_ARGUMENT', `admin command ${JSON.stringify(path)}: ${what}`);
  if (typeof path !== 'string') throw wrong('its path must be a text such as /hot-films');
  if (verb !== 'GET' && verb !== 'POST') throw wrong(`its verb must be GET or POST, not ${JSON.stringify(verb)}`);
  if (typeof summary !== 'string' || summary.trim() === '' || /[\r\n]/.test(summary)) {
    throw wrong('its summary must be one line');
  }
  if (typeof run !== 'function') throw wrong('it has no run(call)');
  if (!(boundMs > 0 && boundMs <= timeoutMs.max)) {
    throw wrong(`its timeoutMs must be above 0 and at most ${timeoutMs.max}, not ${boundMs}`);
  }
}

async function run(
  command: AdminCommand,
  plugin: string,
  { query, body }: Omit<AdminCall, 'signal'>,
  clock: Clock,
): Promise<unknown> {
  const { verb, path, timeoutMs: boundMs = timeoutMs.default } = command;
  const over = new AbortController();
  const late = () => new HeddleError('DEADLINE_EXCEEDED', `${verb} ${path} did not answer within ${boundMs} ms`);
  try {
    return await within(boundMs, clock, async () => command.run({ query, body, signal: over.signal }), late);
  } catch (reason) {
    over.abort(reason);
    if (reason instanceof HeddleError) throw reason;
    const message = `${verb} ${path} of plugin ${plugin} failed: ${String(reason)}`;
    throw new HeddleError('INTERNAL', message, { cause: reason });
  }
}
