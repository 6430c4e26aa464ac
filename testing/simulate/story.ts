// Story: of a simulation's trace the lines that a user can read: calls, fibers, logs, faults, deaths. The last ones are kept.

/** What the users' side writes, what threads log, and deaths. */
const told = /^\s*[\d.]+ {2}\S.*?\s+(?:\| )*(?:\* | {1,2}(?:info|warn|error|fatal): |DIES)/;
const linesMax = 2_000;

export class Story {
  #lines: string[] = [];

  /** Every line of the trace. */
  add(line: string): void {
    if (!told.test(line)) return;
    this.#lines.push(line.replace('* ', ''));
    if (this.#lines.length >= 2 * linesMax) this.#lines = this.#lines.slice(-linesMax);
  }

  /** The last ones, oldest first. */
  last(count: number = linesMax): string[] {
    return this.#lines.slice(-count);
  }
}
