// ClosedLoop: so many bodies in flight to another thread and back, for a while: the one load of all subjects of the scenario
// `handoff`. Runs on the thread that asks; who is asked tells it each answer.

/** What is sent for how long; plain data, that goes to the process of a subject. */
export interface LoopPlan {
  readonly bytes: number;
  readonly inFlight: number;
  readonly durationMs: number;
  /** Every byte of each answer is compared, instead of its length and its ends. */
  readonly whole: boolean;
}

export interface LoopResult {
  /** Bodies that came back. */
  readonly pairs: number;
  readonly tookMs: number;
  /** User and system time of the process meanwhile, all its threads, µs. */
  readonly cpuUs: number;
  /** From asking to the answer, µs; only with one in flight. */
  readonly p50Us: number | undefined;
  readonly p99Us: number | undefined;
}

/** Sends the body of a slot, which is not written again before its answer. */
export type Ask = (slot: number, body: Buffer) => void;

/** With more in flight the clock is read once in so many answers. */
const answersPerLook = 64;
/** Latencies that are kept, the first ones. */
const latenciesMax = 65_536;

export class ClosedLoop {
  readonly #plan: LoopPlan;
  readonly #ask: Ask;
  /** Each with memory of its own: what is posted as part of a larger store takes all of that along. */
  readonly #bodies: Buffer[];
  /** Only with one in flight. */
  readonly #latencies: Float64Array;
  readonly #ended = Promise.withResolvers<LoopResult>();
  #asked = 0;
  #answered = 0;
  #startMs = 0;
  #startCpuUs = 0;
  #askedAtMs = 0;
  #over = false;

  constructor(plan: LoopPlan, ask: Ask) {
    this.#plan = plan;
    this.#ask = ask;
    this.#bodies = bodiesOf(plan);
    this.#latencies = new Float64Array(plan.inFlight === 1 ? latenciesMax : 0);
  }

  /** Resolves when the time is over and all answers are there; rejects with the first wrong one. */
  run(): Promise<LoopResult> {
    this.#startCpuUs = cpuUs();
    this.#startMs = performance.now();
    for (let slot = 0; slot < this.#plan.inFlight; slot++) this.#send(slot);
    return this.#ended.promise;
  }

  /** The answer to a slot's body lies between `start` and `end`; it is not kept. */
  answered(slot: number, answer: Uint8Array, start = 0, end = answer.length): void {
    const body = this.#bodies[slot]!;
    const { bytes, inFlight } = this.#plan;
    if (end - start !== bytes || answer[start] !== body[0] || answer[end - 1] !== body[bytes - 1]) {
      this.failed(new Error(`the answer to slot ${slot}, of ${end - start} bytes, is not what was sent`));
      return;
    }
    if (this.#plan.whole && body.compare(answer, start, end) !== 0) {
      this.failed(new Error(`the answer to slot ${slot} differs from what was sent`));
      return;
    }
    const count = ++this.#answered;
    if (inFlight === 1 || count % answersPerLook === 0) this.#look();
    if (!this.#over) this.#send(slot);
    else if (count === this.#asked) this.#end();
  }

  failed(reason: unknown): void {
    this.#over = true;
    this.#ended.reject(reason);
  }

  #send(slot: number): void {
    const body = this.#bodies[slot]!;
    const count = ++this.#asked;
    // So that the answer to an earlier body of the slot is none to this one.
    body[0] = count;
    body[body.length - 1] = count >> 8;
    this.#ask(slot, body);
  }

  #look(): void {
    const nowMs = performance.now();
    if (this.#plan.inFlight === 1) {
      const sinceMs = this.#askedAtMs === 0 ? this.#startMs : this.#askedAtMs;
      if (this.#answered <= latenciesMax) this.#latencies[this.#answered - 1] = nowMs - sinceMs;
      this.#askedAtMs = nowMs;
    }
    if (nowMs - this.#startMs >= this.#plan.durationMs) this.#over = true;
  }

  #end(): void {
    const tookMs = performance.now() - this.#startMs;
    const usedUs = cpuUs() - this.#startCpuUs;
    const one = this.#plan.inFlight === 1;
    const sorted = this.#latencies.subarray(0, this.#answered).sort();
    const quantileUs = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)]! * 1000;
    this.#ended.resolve({
      pairs: this.#answered,
      tookMs,
      cpuUs: usedUs,
      p50Us: one ? quantileUs(0.5) : undefined,
      p99Us: one ? quantileUs(0.99) : undefined,
    });
  }
}

/** Bodies of so many neighbouring slots differ. */
const shifts = 251;

function bodiesOf({ bytes, inFlight }: LoopPlan): Buffer[] {
  const pattern = Buffer.allocUnsafeSlow(bytes + shifts);
  for (let at = 0; at < pattern.length; at++) pattern[at] = (at * 31) ^ (at >> 8);
  return Array.from({ length: inFlight }, (_, slot) => {
    const body = Buffer.allocUnsafeSlow(bytes);
    pattern.copy(body, 0, slot % shifts);
    return body;
  });
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
