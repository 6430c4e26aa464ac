// RunState: where each node of one run stands, as rows of numbers: two arrays for a run, no object for a node. They are
// copies of those of a blank state: V8 copies an array of 400 numbers in an eighth of the time that a typed array takes,
// whose memory lies outside of the heap. Integers stay in the one and fractions in the other, so that V8 boxes neither.

/** How a demanded node ended. */
export type NodeEnd = 'done' | 'failed' | 'skipped' | 'cancelled';

export type NodeState = 'idle' | 'waiting' | 'running' | NodeEnd;

const states: readonly NodeState[] = ['idle', 'waiting', 'running', 'done', 'failed', 'skipped', 'cancelled'];
const numberOf = Object.fromEntries(states.map((state, number) => [state, number])) as Record<NodeState, number>;

// A row. Indexes of nodes are kept plus 1, so that 0 is none and a new row is all zeros.
const stateCell = 0;
/** Its end has been told to all that it concerns, as the how manieth; 0: not yet. */
const handledCell = 1;
const demandCell = 2;
const pendingHardCell = 3;
const pendingSoftCell = 4;
const hardDoneCell = 5;
const lastFailedCell = 6;
/** The first hard dependency heard of that failed, and that failed or was skipped. */
const firstFailedCell = 7;
const firstBadCell = 13;
const afterCell = 8;
const adoptedCell = 9;
const viaCell = 10;
/** Its own attempt, of plain nodes: 0: none yet; 1: under way; 2: ended; 3: cancelled. */
const attemptCell = 11;
/** It has a mark of degradation. */
const markedCell = 12;
const rowCells = 14;

const demandedTime = 0;
const startTime = 1;
const endTime = 2;
const attemptStartTime = 3;
const attemptEndTime = 4;
const rowTimes = 5;

export class RunState {
  readonly #cells: number[];
  readonly #times: number[];

  private constructor(cells: number[], times: number[]) {
    this.#cells = cells;
    this.#times = times;
  }

  /** That of a graph of which nothing has happened yet; runs begin with copies of it. */
  static blank(nodes: number): RunState {
    const cells = Array.from({ length: nodes * rowCells }, () => 0);
    const times = Array.from({ length: nodes * rowTimes }, () => Number.NaN);
    return new RunState(cells, times);
  }

  copy(): RunState {
    return new RunState(this.#cells.slice(), this.#times.slice());
  }

  /** The same stand, of another run: its times are forgotten. */
  copyWithoutTimes(): RunState {
    return new RunState(
      this.#cells.slice(),
      this.#times.map(() => Number.NaN),
    );
  }

  of(index: number): NodeState {
    return states[this.#cells[index * rowCells + stateCell]!]!;
  }

  is(index: number, state: NodeState): boolean {
    return this.#cells[index * rowCells + stateCell] === numberOf[state];
  }

  /** Demanded for the first time, or anew after it was cancelled. */
  enter(index: number, nowMs: number): void {
    const row = index * rowCells;
    this.#cells[row + stateCell] = numberOf.waiting;
    this.#cells[row + hardDoneCell] = 0;
    this.#cells[row + lastFailedCell] = 0;
    this.#cells[row + firstFailedCell] = 0;
    this.#cells[row + firstBadCell] = 0;
    this.#cells[row + afterCell] = 0;
    this.#times[index * rowTimes + demandedTime] = nowMs;
    this.#times[index * rowTimes + startTime] = Number.NaN;
  }

  /** Another takes its place: it runs without having begun. */
  giveUp(index: number): void {
    this.#cells[index * rowCells + stateCell] = numberOf.running;
  }

  begin(index: number, nowMs: number): void {
    this.#cells[index * rowCells + stateCell] = numberOf.running;
    this.#times[index * rowTimes + startTime] = nowMs;
  }

  end(index: number, how: NodeEnd, nowMs: number): void {
    this.#cells[index * rowCells + stateCell] = numberOf[how];
    this.#times[index * rowTimes + endTime] = nowMs;
  }

  isHandled(index: number): boolean {
    return this.#cells[index * rowCells + handledCell] !== 0;
  }

  setHandled(index: number, order: number): void {
    this.#cells[index * rowCells + handledCell] = order;
  }

  /** Of two that are handled: below 0 when the first was handled first. */
  compareHandled(one: number, other: number): number {
    return this.#cells[one * rowCells + handledCell]! - this.#cells[other * rowCells + handledCell]!;
  }

  addDemand(index: number): void {
    this.#cells[index * rowCells + demandCell]! += 1;
  }

  /** How many still demand it. */
  dropDemand(index: number): number {
    const cell = index * rowCells + demandCell;
    this.#cells[cell]! -= 1;
    return this.#cells[cell]!;
  }

  setPending(index: number, hard: number, soft: number): void {
    this.#cells[index * rowCells + pendingHardCell] = hard;
    this.#cells[index * rowCells + pendingSoftCell] = soft;
  }

  pendingHard(index: number): number {
    return this.#cells[index * rowCells + pendingHardCell]!;
  }

  pendingSoft(index: number): number {
    return this.#cells[index * rowCells + pendingSoftCell]!;
  }

  /** A hard dependency of `index` has ended. */
  hardEnded(index: number, dependency: number): void {
    this.#cells[index * rowCells + pendingHardCell]! -= 1;
    this.countHard(index, dependency);
  }

  softEnded(index: number): void {
    this.#cells[index * rowCells + pendingSoftCell]! -= 1;
  }

  /** Counts how a hard dependency ended. */
  countHard(index: number, dependency: number): void {
    const row = index * rowCells;
    const how = this.#cells[dependency * rowCells + stateCell];
    if (how === numberOf.done) {
      this.#cells[row + hardDoneCell]! += 1;
      return;
    }
    if (this.#cells[row + firstBadCell] === 0) this.#cells[row + firstBadCell] = dependency + 1;
    if (how !== numberOf.failed) return;
    this.#cells[row + lastFailedCell] = dependency + 1;
    if (this.#cells[row + firstFailedCell] === 0) this.#cells[row + firstFailedCell] = dependency + 1;
  }

  hardDone(index: number): number {
    return this.#cells[index * rowCells + hardDoneCell]!;
  }

  /** The hard dependency that failed last; -1: none. */
  lastFailed(index: number): number {
    return this.#cells[index * rowCells + lastFailedCell]! - 1;
  }

  /** The first one heard of that failed; -1: none. */
  firstFailed(index: number): number {
    return this.#cells[index * rowCells + firstFailedCell]! - 1;
  }

  /** The first one heard of that failed or was skipped; -1: none. */
  firstBad(index: number): number {
    return this.#cells[index * rowCells + firstBadCell]! - 1;
  }

  /** The dependency that ended last before it could run, or the node that it adopted; -1: none. */
  after(index: number): number {
    return this.#cells[index * rowCells + afterCell]! - 1;
  }

  setAfter(index: number, dependency: number): void {
    this.#cells[index * rowCells + afterCell] = dependency + 1;
  }

  /** The node that it waits for to take its value; -1: none. */
  adopted(index: number): number {
    return this.#cells[index * rowCells + adoptedCell]! - 1;
  }

  adopt(index: number, by: number): void {
    this.#cells[index * rowCells + adoptedCell] = by + 1;
  }

  via(index: number): number {
    return this.#cells[index * rowCells + viaCell]!;
  }

  setVia(index: number, via: number): void {
    this.#cells[index * rowCells + viaCell] = via;
  }

  /** Whether its own index has not been an attempt's token yet. */
  mayUseToken(index: number): boolean {
    return this.#cells[index * rowCells + attemptCell] === 0;
  }

  startAttempt(index: number, nowMs: number): void {
    this.#cells[index * rowCells + attemptCell] = 1;
    this.#times[index * rowTimes + attemptStartTime] = nowMs;
  }

  /** False: it was over already. */
  endAttempt(index: number, how: 'ended' | 'cancelled', nowMs: number): boolean {
    const cell = index * rowCells + attemptCell;
    if (this.#cells[cell] !== 1) return false;
    this.#cells[cell] = how === 'ended' ? 2 : 3;
    this.#times[index * rowTimes + attemptEndTime] = nowMs;
    return true;
  }

  attemptStartMs(index: number): number {
    return this.#times[index * rowTimes + attemptStartTime]!;
  }

  /** Undefined: it was cancelled. */
  attemptEndMs(index: number): number | undefined {
    if (this.#cells[index * rowCells + attemptCell] === 3) return undefined;
    return this.#times[index * rowTimes + attemptEndTime]!;
  }

  setMarked(index: number): void {
    this.#cells[index * rowCells + markedCell] = 1;
  }

  isMarked(index: number): boolean {
    return this.#cells[index * rowCells + markedCell] === 1;
  }

  /** When it was demanded last; NaN: at the start of the run. */
  demandedMs(index: number): number {
    return this.#times[index * rowTimes + demandedTime]!;
  }

  /** NaN: it never began. */
  startMs(index: number): number {
    return this.#times[index * rowTimes + startTime]!;
  }

  endMs(index: number): number {
    return this.#times[index * rowTimes + endTime]!;
  }
}
