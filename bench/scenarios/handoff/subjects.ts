// Subjects of the scenario `handoff`: Heddle's two and the peers, each in a process of its own, so that one's garbage hits no
// other. One that fails is measured no more, and the report says why.

import { Child } from '../../measure/child.ts';
import { readyPeer } from '../../measure/peers.ts';
import type { LoopPlan, LoopResult } from './closed-loop.ts';
import type { Answer, IdleResult, Order } from './subject.ts';

/** Heddle's own. */
export const queueName = 'heddle, the queue';
export const serviceName = 'heddle, a service';

/** How much longer than its load an answer may take, ms: with a slow peer much is in flight at the end. */
const answerExtraMs = 30_000;

export class SubjectProcess implements AsyncDisposable {
  readonly name: string;
  readonly versions: string;
  readonly #child: Child;
  /** Why it is measured no more. */
  failure: string | undefined = undefined;

  constructor(name: string, versions: string, child: Child) {
    this.name = name;
    this.versions = versions;
    this.#child = child;
  }

  /** Undefined: it has failed, now or before. */
  async loop(plan: LoopPlan): Promise<LoopResult | undefined> {
    const answer = await this.#order({ kind: 'loop', ...plan });
    return answer !== undefined && 'loop' in answer ? answer.loop : undefined;
  }

  async idle(durationMs: number): Promise<IdleResult | undefined> {
    const answer = await this.#order({ kind: 'idle', durationMs });
    return answer !== undefined && 'idle' in answer ? answer.idle : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.failure === undefined) await this.#child[Symbol.asyncDispose]();
  }

  async #order(order: Order): Promise<Answer | undefined> {
    if (this.failure !== undefined) return undefined;
    try {
      const answer = (await this.#child.ask(order, order.durationMs + answerExtraMs)) as Answer;
      if (!('error' in answer)) return answer;
      this.failure = answer.error;
    } catch (reason) {
      this.failure = (reason as Error).message;
    }
    await this.#child.kill();
    return undefined;
  }
}

export interface Subjects extends AsyncDisposable {
  readonly queue: SubjectProcess;
  readonly service: SubjectProcess;
  readonly peers: readonly SubjectProcess[];
  /** Peers that did not even start. */
  readonly notStarted: readonly { readonly name: string; readonly reason: string }[];
}

/** Starts all. Rejects when Heddle's own do not start. */
export async function startSubjects(peers: readonly string[], onStep: (step: string) => void): Promise<Subjects> {
  await using started = new AsyncDisposableStack();
  const own = async (name: string, script: string): Promise<SubjectProcess> =>
    started.use(await startSubject(name, 'this checkout', import.meta.resolve(script), []));
  const queue = await own(queueName, './queue-process.ts');
  const service = await own(serviceName, './heddle-process.ts');
  const ready: SubjectProcess[] = [];
  const notStarted: { name: string; reason: string }[] = [];
  for (const name of peers) {
    try {
      const { folder, versions } = await readyPeer(name, onStep);
      const script = import.meta.resolve('./peer-process.ts');
      ready.push(started.use(await startSubject(name, versions, script, [new URL('handoff.js', folder).href])));
    } catch (reason) {
      notStarted.push({ name, reason: (reason as Error).message });
    }
  }
  const all = started.move();
  return { queue, service, peers: ready, notStarted, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function startSubject(
  name: string,
  versions: string,
  script: string,
  args: readonly string[],
): Promise<SubjectProcess> {
  const child = new Child(`process of ${name}`, script, args);
  try {
    await child.ask(undefined);
    return new SubjectProcess(name, versions, child);
  } catch (reason) {
    await child.kill();
    throw reason;
  }
}
