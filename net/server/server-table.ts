// ServerTable (main thread): the routing table in force: which methods there are, what bounds they have, and which
// generation of its pool serves each. It is made anew as a whole whenever code or settings change, and turned to by all
// threads (Supervisor.turn). Rows keep their numbers for ever: requests that wait name them.

import type { Settings } from '../../runtime/settings.ts';
import type { MethodRow, RoutingTable } from '../../runtime/thread-control.ts';
import type { Supervisor } from '../../scheduler/supervisor.ts';
import { methodTable, noTable, type Serving, type TableBefore } from '../service/method-table.ts';
import type { ServerAdmission } from './server-admission.ts';

/** Methods that may come with new code while the process runs: each thread's counters have room for them from the start. */
export const newMethodsMax = 64;

export class ServerTable {
  readonly #supervisor: Pick<Supervisor, 'turn'>;
  readonly #admission: Pick<ServerAdmission, 'apply'>;
  readonly #onTurn: () => void;
  readonly #serving = new Map<string, Serving>();
  #columns: TableBefore['columns'] = new Map();
  #rowsMax = 0;
  #table: RoutingTable | undefined;

  /** `admission`: gives rows their bounds. `onTurn`: another table is in force. */
  constructor(supervisor: Pick<Supervisor, 'turn'>, admission: Pick<ServerAdmission, 'apply'>, onTurn: () => void) {
    this.#supervisor = supervisor;
    this.#admission = admission;
    this.#onTurn = onTurn;
  }

  /** Undefined until the process goes. */
  get inForce(): RoutingTable | undefined {
    return this.#table;
  }

  /** Those that are gone too. */
  get methods(): readonly MethodRow[] {
    return this.#table?.methods ?? [];
  }

  /** Rows of memory that is laid out by method: row 0 is offloaded functions, the last ones are for methods to come. */
  get rows(): number {
    return this.#rowsMax + 1;
  }

  /** What a pool serves, and through which queue. */
  serving(pool: string): Serving {
    return this.#serving.get(pool)!;
  }

  /** Share of a pool's calls that its next generation gets; undefined: it has no canary. */
  canaryPercent(pool: string): number | undefined {
    return this.#serving.get(pool)?.canary?.percent;
  }

  /** The first one, which threads get with `go`. `serving`: by pool. */
  build(settings: Settings, serving: ReadonlyMap<string, Serving>): void {
    const before = noTable(settings);
    const rows = methodTable(settings, serving, before);
    this.#columns = before.columns;
    this.#rowsMax = rows.length + newMethodsMax;
    this.#admission.apply(settings, rows);
    this.#use(0, rows, serving);
  }

  /**
   * Rows made anew: timeouts, bounds; with `serving` also who serves them, of the pools named. It is in force when this
   * returns, for threads that go from then on too; the promise resolves when no thread puts by an older one any more,
   * which one that is busy makes wait. Throws RESOURCE_EXHAUSTED over `newMethodsMax`; then nothing has changed.
   */
  turn(settings: Settings, serving: ReadonlyMap<string, Serving> = new Map()): Promise<void> {
    const next = new Map([...this.#serving, ...serving]);
    const before = { columns: this.#columns, rows: this.methods, rowsMax: this.#rowsMax };
    const rows = methodTable(settings, next, before);
    this.#admission.apply(settings, rows);
    this.#use(this.#table!.turn + 1, rows, next);
    return this.#supervisor.turn(this.#table!);
  }

  #use(turn: number, methods: MethodRow[], serving: ReadonlyMap<string, Serving>): void {
    for (const [pool, one] of serving) this.#serving.set(pool, one);
    const queues = Array.from(this.#serving, ([pool, { queue, canary }]) => ({ pool, queue, canary: canary?.queue }));
    this.#table = { turn, methods, queues };
    this.#onTurn();
  }
}
