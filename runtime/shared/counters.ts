// Counters: numbers that only grow, in shared memory, so that whoever reads them sees all threads at once, however many
// there are, and none of them has to answer. A row has one writer at a time; a thread's row goes on from owner to owner
// of its number, so a sum over all rows never falls when a thread dies.

/** What is counted for each thread, with what it means. Read by the admin; drawn once, like the bytes in layout.ts. */
export const threadCounters = {
  unwanted: 'Fibers whose answer nobody wanted any more when they ended.',
  overstayed: 'Cancelled handlers that still ran after cancelGrace.',
  quarantined: 'Requests refused because their like had ended threads.',
  'not-started': 'Requests not started because less of their time was left than their method takes.',
  'stale-replies': 'Replies that came when their request had been answered otherwise.',
  refused: 'Requests refused before any queue: a bound was reached, or the pool was down.',
  limited: 'Requests refused by a limiter.',
  malformed: 'Frames and requests that break the protocol.',
  'too-large': 'Frames and bodies over the bound of their listener.',
  'read-timeout': 'Connections closed because a frame or request took too long to come.',
  'write-timeout': 'Connections closed because the peer took nothing of its replies.',
  'write-paused': 'Times that a connection was not read because its replies were not taken.',
  'connect-timeout': 'Connections closed because nothing whole came after the accept.',
  'idle-timeout': 'Connections closed because nothing was under way.',
  'cut-off-frame': 'Connections that ended within a frame.',
  'peer-gone': 'Connections that the peer broke off.',
  'pipeline-over': 'Connections with more pipelined requests than are taken.',
  'connection-over': 'Requests refused because their connection had its share of limits.requests.',
  'refused-draining': 'Requests refused because the process stops.',
  'stray-reply': 'Replies to requests that nobody had sent.',
  cancelled: 'Requests taken back by their clients.',
  'one-way-failed': 'One-way requests that could not be handed on.',
  'client-connect-failed': 'Attempts to connect to a backend that failed.',
  'client-late-reply': "Backends' replies to calls that were over.",
  'client-malformed': "Backends' frames that break the protocol.",
  'client-ping-timeout': 'Connections to backends that did not answer a ping.',
  'client-rejected': 'Connections that a backend refused.',
  'client-retry': 'Calls sent once more.',
  'client-retry-refused': 'Calls not sent once more because the retry budget was spent.',
  'client-ejected': 'Times that the address of a backend was taken out of use.',
  'client-probe': 'Calls that tried whether an ejected address is well again.',
  forwarded: 'Calls for the forward target of their listener.',
  'forward-failed': 'Those of them that could not be sent, or ended UNAVAILABLE or DEADLINE_EXCEEDED.',
  mirrored: 'Copies of calls sent to mirrors.',
  'mirror-dropped': 'Copies not sent because their mirror was down, slow or full.',
  'mirror-failed': 'Copies that their mirror answered with an error, or not at all.',
  other: 'Events without a counter of their own.',
} as const;
export type ThreadCounter = keyof typeof threadCounters;

/** What main counts for each pool. */
export const poolCounters = {
  'death-exit': 'Threads ended by process.exit.',
  'death-exception': 'Threads ended by an exception that nobody caught.',
  'death-rejection': 'Threads ended by a rejected promise that nobody handled.',
  'death-out-of-memory': 'Threads ended by V8 at their heap limit.',
  'death-stalled': 'Threads ended by the watchdog at stallLimit.',
  'death-overdue': 'Threads that were past their memory, replaced, and did not finish what they ran in time.',
  'death-terminated': 'Threads ended from outside.',
  'death-starting': 'Threads that ended before their modules had loaded.',
  restarts: 'Threads made in the place of others.',
  retired: 'Threads replaced because they were past their memory.',
  'stall-warnings': 'Times that a handler kept its thread for longer than stallWarning.',
} as const;
export type PoolCounter = keyof typeof poolCounters;

/** What main counts of the connections that come in; one row. */
export const acceptorCounters = {
  'refused-denied': 'Connections closed at once: limits.allow and limits.deny do not let their address in.',
  'refused-open-files': 'Connections closed at once: nearly all files of the process are in use.',
  'refused-max-connections': 'Connections closed at once: limits.connections are open.',
  'refused-max-connections-per-ip': 'Connections closed at once: limits.connectionsPerIp are open from their address.',
  'refused-max-connections-of-listener': 'Connections closed at once: the maxConnections of their listener are open.',
  'refused-no-io-thread': 'Connections closed because no IO thread lived for too long.',
  'refused-not-movable': 'Connections closed because they could not be moved to their IO thread.',
  waited: 'Connections that had to wait for an IO thread.',
  paused: 'Times that accepting was paused because the process ran out of files.',
  resumed: 'Times that accepting went on again.',
} as const;
export type AcceptorCounter = keyof typeof acceptorCounters;

/** Two cache lines of 64-bit numbers: rows of different writers do not share one. */
const rowUnit = 16;

export class CounterTable<Name extends string> {
  readonly memory: SharedArrayBuffer;
  readonly names: readonly Name[];
  readonly rows: number;
  readonly #cells: Float64Array;
  readonly #columns: ReadonlyMap<string, number>;
  readonly #rowCells: number;

  /** `names`: the keys of one of the tables above. `memory`: of the table that another thread made. */
  constructor(names: Readonly<Record<Name, string>>, rows: number, memory?: SharedArrayBuffer) {
    this.names = Object.keys(names) as Name[];
    this.rows = rows;
    this.#rowCells = Math.ceil(this.names.length / rowUnit) * rowUnit;
    this.memory = memory ?? new SharedArrayBuffer(rows * this.#rowCells * 8);
    this.#cells = new Float64Array(this.memory);
    this.#columns = new Map(this.names.map((name, column) => [name, column]));
  }

  /** The writer of the row only. */
  add(row: number, name: Name, count = 1): void {
    this.#cells[row * this.#rowCells + this.#columns.get(name)!]! += count;
  }

  /** Counts an event by a name from elsewhere; one that has no counter goes to the one named `other`. */
  addNamed(row: number, name: string): void {
    const column = this.#columns.get(name) ?? this.#columns.get('other');
    if (column !== undefined) this.#cells[row * this.#rowCells + column]! += 1;
  }

  get(row: number, name: Name): number {
    return this.#cells[row * this.#rowCells + this.#columns.get(name)!]!;
  }

  total(name: Name): number {
    let total = 0;
    for (let row = 0; row < this.rows; row++) total += this.get(row, name);
    return total;
  }
}
