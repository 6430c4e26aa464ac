// Ledger: the soak runner's account of calls and faults. Every call is written down before it is sent and settles exactly
// once, in time; a failure's code must be explained by the call itself or by a fault that could reach it while it was
// under way. What neither explains is kept, with what a person needs to look for the cause.

import { type ErrorCode, HeddleError } from '../../runtime/errors.ts';

/** What a fault can reach and a call depends on. `cpu:*` are pools of the service. */
export type Reach = 'process' | 'io' | 'backend' | `cpu:${string}`;

/** One way of calling. */
export interface CallKind {
  name: string;
  /** Faults that reach any of these may fail it. */
  dependsOn: readonly Reach[];
}

export interface CallTerms {
  /** It is over by then, one way or another, ms after it began. */
  withinMs: number;
  /** Codes that the call itself asks for: it is cancelled, or late. */
  codes?: readonly ErrorCode[];
}

/** A fault that goes on, or whose effects do. */
export interface FaultWindow {
  readonly kind: string;
  readonly reaches: readonly Reach[];
  readonly codes: readonly ErrorCode[];
  readonly fromMs: number;
  toMs: number;
}

/** How the calls of one kind have ended. */
export interface Tally {
  sent: number;
  right: number;
  wrong: number;
  unanswered: number;
  unexpected: number;
  readonly codes: Map<ErrorCode, number>;
}

/** A runner that shares its cores with everything it drives hears late of what came in time, ms. */
const graceMs = 10_000;
/** Sentences kept of what went wrong. */
const complaintsMax = 30;
/** Windows that ended so long ago reach no call any more, ms. */
const windowsKeptMs = 120_000;

interface PendingCall {
  kind: string;
  sentMs: number;
  dueMs: number;
  /** It was due at the last sweep too: not only the sweep was late. */
  suspect: boolean;
  unanswered: boolean;
}

export class Ledger {
  readonly tallies = new Map<string, Tally>();
  /** Faults by kind: how often each was injected. */
  readonly injected = new Map<string, number>();
  readonly complaints: string[] = [];
  /** What went wrong and belongs to no call. */
  failures = 0;
  #complaintsMissed = 0;
  #windows: FaultWindow[] = [];
  readonly #pending = new Map<number, PendingCall>();
  #nextId = 1;

  get complaintsMissed(): number {
    return this.#complaintsMissed;
  }

  get pending(): number {
    return this.#pending.size;
  }

  sum(count: 'sent' | 'right' | 'wrong' | 'unanswered' | 'unexpected'): number {
    let sum = 0;
    for (const tally of this.tallies.values()) sum += tally[count];
    return sum;
  }

  /** Makes one call, whose answer is true when it belongs to the call; resolves when that has settled. Never throws. */
  async call(kind: CallKind, terms: CallTerms, make: (id: number) => Promise<boolean>): Promise<'right' | 'failed'> {
    const id = this.#nextId++;
    const sentMs = performance.now();
    const tally = this.tally(kind.name);
    tally.sent++;
    const dueMs = sentMs + terms.withinMs + graceMs;
    const pending = { kind: kind.name, sentMs, dueMs, suspect: false, unanswered: false };
    this.#pending.set(id, pending);
    try {
      if (await make(id)) {
        tally.right++;
        return 'right';
      }
      tally.wrong++;
      this.complain(`${kind.name} ${id}: the answer belongs to another request`);
      return 'failed';
    } catch (reason) {
      const error = HeddleError.from(reason, String(reason));
      tally.codes.set(error.code, (tally.codes.get(error.code) ?? 0) + 1);
      if (!terms.codes?.includes(error.code) && !this.#isExplained(kind, error.code, sentMs)) {
        tally.unexpected++;
        this.complain(this.#sentence(kind, id, error, sentMs));
      }
      return 'failed';
    } finally {
      if (pending.unanswered)
        this.complain(`${kind.name} ${id}: settled after all, ${elapsed(sentMs)} after it was sent`);
      this.#pending.delete(id);
    }
  }

  tally(kind: string): Tally {
    let tally = this.tallies.get(kind);
    if (tally === undefined) {
      tally = { sent: 0, right: 0, wrong: 0, unanswered: 0, unexpected: 0, codes: new Map() };
      this.tallies.set(kind, tally);
    }
    return tally;
  }

  /** Looks for calls that are overdue. Once a second or so. */
  sweep(): void {
    const nowMs = performance.now();
    for (const [id, call] of this.#pending) {
      if (call.unanswered || nowMs < call.dueMs) continue;
      if (!call.suspect) {
        call.suspect = true;
        continue;
      }
      call.unanswered = true;
      this.tally(call.kind).unanswered++;
      this.complain(`${call.kind} ${id}: no answer ${elapsed(call.sentMs)} after it was sent`);
    }
    this.#windows = this.#windows.filter(({ toMs }) => toMs > nowMs - windowsKeptMs);
  }

  /** A fault begins now; `closeFault` ends it. */
  openFault(kind: string, reaches: readonly Reach[], codes: readonly ErrorCode[]): FaultWindow {
    const window = { kind, reaches, codes, fromMs: performance.now(), toMs: Number.POSITIVE_INFINITY };
    this.#windows.push(window);
    return window;
  }

  /** Its effects may still be seen for so long, ms. */
  closeFault(window: FaultWindow, lingersMs: number): void {
    window.toMs = performance.now() + lingersMs;
  }

  countFault(kind: string): void {
    this.injected.set(kind, (this.injected.get(kind) ?? 0) + 1);
  }

  /** Something that fails the run and belongs to no call. */
  fail(sentence: string): void {
    this.failures++;
    this.complain(sentence);
  }

  complain(sentence: string): void {
    if (this.complaints.length < complaintsMax) this.complaints.push(sentence);
    else this.#complaintsMissed++;
  }

  /** A fault goes on, or its effects do, that reaches this. */
  isOpen(reach: Reach): boolean {
    const nowMs = performance.now();
    return this.#windows.some(({ reaches, toMs }) => toMs >= nowMs && reaches.includes(reach));
  }

  #isExplained(kind: CallKind, code: ErrorCode, sentMs: number): boolean {
    return this.#windows.some(
      ({ reaches, codes, toMs }) =>
        toMs >= sentMs && codes.includes(code) && reaches.some((one) => kind.dependsOn.includes(one)),
    );
  }

  #sentence(kind: CallKind, id: number, { code, message, cause }: HeddleError, sentMs: number): string {
    const during = this.#windows.filter(({ toMs }) => toMs >= sentMs).map((window) => window.kind);
    const why = cause instanceof Error ? ` (${cause.stack})` : '';
    const faults = during.length === 0 ? 'no fault' : [...new Set(during)].join(', ');
    return `${new Date().toISOString()} ${kind.name} ${id}: ${code} after ${elapsed(sentMs)}: ${message}${why}; meanwhile ${faults}`;
  }
}

function elapsed(sinceMs: number): string {
  return `${Math.round(performance.now() - sinceMs)} ms`;
}
