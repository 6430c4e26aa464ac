// ThreadAsker (admin thread): asks threads about themselves over the ports that main has made, all at once, and waits for
// none of them longer than 100 ms: one that is stuck does not answer.

import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../runtime/clock.ts';
import type { ThreadAnswer, ThreadQuestion } from '../runtime/thread-report.ts';

/** How long the threads have, ms. */
export const threadAnswerMs = 100;

interface Question {
  /** Threads that have not answered. */
  readonly open: Set<number>;
  readonly answers: Map<number, ThreadAnswer>;
  readonly end: () => void;
}

export class ThreadAsker {
  readonly #clock: Clock;
  readonly #ports = new Map<number, MessagePort>();
  /** At most as many as requests are under way. */
  readonly #questions = new Map<number, Question>();
  #nextId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The thread of this number, from now on. */
  add(number: number, port: MessagePort): void {
    this.#ports.get(number)?.close();
    this.#ports.set(number, port);
    port.on('message', (answer: ThreadAnswer) => this.#answered(number, answer));
    port.on('close', () => {
      if (this.#ports.get(number) === port) this.#ports.delete(number);
    });
  }

  /** By number; those that did not answer in time are missing. */
  ask(numbers: readonly number[], ask: ThreadQuestion['ask']): Promise<ReadonlyMap<number, ThreadAnswer>> {
    const id = this.#nextId++;
    const asked = numbers.filter((number) => this.#ports.has(number));
    const answers = new Map<number, ThreadAnswer>();
    if (asked.length === 0) return Promise.resolve(answers);
    return new Promise((resolve) => {
      const end = (): void => {
        this.#clock.clearTimer(timer);
        this.#questions.delete(id);
        resolve(answers);
      };
      const timer = this.#clock.setTimer(threadAnswerMs, end);
      this.#questions.set(id, { open: new Set(asked), answers, end });
      for (const number of asked) this.#ports.get(number)!.postMessage({ id, ask } satisfies ThreadQuestion);
    });
  }

  #answered(number: number, answer: ThreadAnswer): void {
    const question = this.#questions.get(answer.id);
    if (question?.open.delete(number) !== true) return;
    question.answers.set(number, answer);
    if (question.open.size === 0) question.end();
  }
}
