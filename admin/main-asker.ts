// MainAsker (admin thread): asks main for what only main can do, and waits for it within bounds. When main does not
// answer, the error brings main's own profile along: what it hangs in.

import type { Clock } from '../runtime/clock.ts';
import { hottestLines } from '../runtime/cpu-profile.ts';
import { type ErrorCode, HeddleError } from '../runtime/errors.ts';
import { profileMain } from './inspect.ts';
import type { FromAdmin, MainAct } from './messages.ts';
import type { AdminErrorAnswer } from './shapes.ts';

/** How long main has to begin, and what it may take to end beyond the time that the act itself takes, ms. */
const mainBoundMs = 500;
/** That main began at the last instant may take so long to be told, ms. */
const graceMs = 100;
/** Acts under way at once. */
const actsMax = 16;
/** How long main is profiled when it did not answer, ms. */
const mainProfileMs = 300;

/** Main did not answer: what was asked for was not done. */
export class MainSilent extends HeddleError {
  readonly main: AdminErrorAnswer['main'];

  constructor(message: string, main: AdminErrorAnswer['main']) {
    super('UNAVAILABLE', message);
    this.main = main;
  }
}

interface Pending {
  begun(): void;
  resolve(answer: unknown): void;
  reject(reason: unknown): void;
}

export class MainAsker {
  readonly #clock: Clock;
  readonly #post: (message: FromAdmin) => void;
  readonly #readPort: () => void;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;

  /** `readPort` hands over at once what main has said and nobody has read yet. */
  constructor(clock: Clock, post: (message: FromAdmin) => void, readPort: () => void) {
    this.#clock = clock;
    this.#post = post;
    this.#readPort = readPort;
  }

  /** `takesMs`: what the act itself takes at most. Throws what main says against it, or MainSilent. */
  async ask(act: MainAct, takesMs = 0): Promise<unknown> {
    if (this.#pending.size >= actsMax) {
      throw new HeddleError('RESOURCE_EXHAUSTED', `${actsMax} requests wait for the main thread already; try again`);
    }
    const id = this.#nextId++;
    const begun = Promise.withResolvers<boolean>();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    // It may be refused while nobody looks yet.
    promise.catch(() => {});
    this.#pending.set(id, { begun: () => begun.resolve(true), resolve, reject });
    let timer = this.#expire(mainBoundMs + graceMs, () => begun.resolve(false));
    this.#post({ type: 'ask', id, act, untilMs: this.#clock.nowMs() + mainBoundMs });
    try {
      if (!(await begun.promise)) throw await silence(mainBoundMs);
      this.#clock.clearTimer(timer);
      timer = this.#expire(mainBoundMs + takesMs, () => reject(unfinished(mainBoundMs + takesMs)));
      return await promise;
    } finally {
      this.#clock.clearTimer(timer);
      this.#pending.delete(id);
    }
  }

  /** When this thread was busy itself, its timers run before its port is read: main may have answered in time. */
  #expire(afterMs: number, giveUp: () => void): unknown {
    return this.#clock.setTimer(afterMs, () => {
      this.#readPort();
      giveUp();
    });
  }

  /** From main. */
  onBegun(id: number): void {
    this.#pending.get(id)?.begun();
  }

  onAnswer(id: number, answer: unknown): void {
    this.#pending.get(id)?.resolve(answer);
  }

  onRefusal(id: number, code: string, message: string): void {
    this.#pending.get(id)?.reject(new HeddleError(code as ErrorCode, message));
  }
}

function unfinished(waitedMs: number): HeddleError {
  return new HeddleError('UNAVAILABLE', `the main thread has begun it, and did not finish within ${waitedMs} ms`);
}

async function silence(waitedMs: number): Promise<MainSilent> {
  const what = `the main thread did not answer within ${waitedMs} ms, and nothing was done`;
  const profile = await profileMain(mainProfileMs).catch(() => undefined);
  if (profile === undefined) {
    return new MainSilent(`${what}; it can't be profiled either: it is in native code, or being profiled`, undefined);
  }
  const [hottest] = hottestLines(profile, 1);
  const where =
    hottest === undefined
      ? 'it is idle by now: try again'
      : `it is in ${hottest.function || 'a function without a name'} (${hottest.at})`;
  return new MainSilent(`${what}; ${where}`, { hottest, profile });
}
