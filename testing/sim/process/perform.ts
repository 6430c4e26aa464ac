// perform: runs the acts of a request in its fiber, as a handler of a user might, and tells the ledger what begins, ends and
// is finalized. Runs on simulated threads.

import { HeddleError } from '../../../runtime/errors.ts';
import { Channel } from '../../../runtime/fiber/channel.ts';
import type { FiberContext } from '../../../runtime/fiber/context.ts';
import { Mutex } from '../../../runtime/fiber/mutex.ts';
import { Semaphore } from '../../../runtime/fiber/semaphore.ts';
import { task } from '../../../runtime/fiber/task.ts';
import { type Act, meantCrash, type Target } from './acts.ts';
import { answerTo, Far, PoolA, PoolB, PoolIo, paddingOf } from './contract.ts';
import { type Asked, meantFailure, type Run } from './ledger.ts';
import { scenarioDoor } from './scenario-door.ts';

export interface RunRequest {
  id: number;
  acts: string;
  padding: Buffer;
}

export interface RunReply {
  id: number;
  padding: Buffer;
}

/** Attempts of one call: the default of services of this process, and of clients. */
const attemptsMax = 3;

/** What all requests of a thread share. */
const mutex = new Mutex();
const semaphore = new Semaphore(2);

const targets: Record<Target, typeof PoolA.run> = {
  a: PoolA.run,
  b: PoolB.run,
  io: PoolIo.run,
  far: Far.run,
};

/** The handler of all methods. */
export function handle({ id, acts, padding }: RunRequest, fiber: FiberContext): RunReply | Promise<RunReply> {
  const { ledger, thread } = scenarioDoor();
  const run = ledger.begin(id, thread);
  const reply = { id, padding: answerTo(id, padding) };
  const program = JSON.parse(acts) as Act[];
  if (program.length === 0) {
    run.isOver = true;
    return reply;
  }
  return body(fiber, run, program).then(() => reply);
}

/** An offloaded function. */
export const performTask = task(
  import.meta.url,
  'performTask',
  async ({ id, acts }: { id: number; acts: Act[] }, fiber) => {
    const { ledger, thread } = scenarioDoor();
    await body(fiber, ledger.begin(id, thread), acts);
    return id;
  },
);

async function body(fiber: FiberContext, run: Run, acts: readonly Act[]): Promise<number> {
  const { ledger, random } = scenarioDoor();
  // Registered first, so it runs when everything else of the fiber is over. Not for all: a fiber without finalizers ends
  // in another way.
  if (random() < 0.6) fiber.defer(() => ledger.exited(run));
  try {
    for (const act of acts) await perform(fiber, run, act);
  } finally {
    run.isOver = true;
  }
  return acts.length;
}

async function perform(fiber: FiberContext, run: Run, act: Act): Promise<void> {
  const { ledger } = scenarioDoor();
  switch (act.do) {
    case 'sleep':
      return fiber.sleep(act.ms);
    case 'yield':
      return fiber.yield();
    case 'foreign':
      run.isForeign = true;
      await new Promise((resolve) => setTimeout(resolve, act.ms));
      run.isForeign = false;
      return;
    case 'call':
      return call(fiber, run, act);
    case 'offload':
      return offload(fiber, act.pool, act.acts);
    case 'defer':
      for (let count = 0; count < act.count; count++) {
        const index = ledger.defer(run);
        fiber.defer(async () => {
          ledger.finalize(run, index);
          if (act.ms > 0) await fiber.sleep(act.ms);
        });
      }
      return;
    case 'lock': {
      using _permit = await (act.kind === 'mutex' ? mutex.lock(fiber) : semaphore.acquire(fiber));
      return await fiber.sleep(act.ms);
    }
    case 'channel':
      return pipe(fiber, run, act.items, act.ms);
    case 'fail':
      throw new HeddleError(meantFailure, 'the request was meant to fail');
    case 'exit':
      return process.exit(1);
    case 'crash':
      setTimeout(() => {
        throw new Error(meantCrash);
      }, 1);
      return;
    case 'stall':
      scenarioDoor().keepBusy(act.ms);
      return;
    default:
      return branch(fiber, run, act);
  }
}

async function branch(fiber: FiberContext, run: Run, act: Extract<Act, { bodies: Act[][] }>): Promise<void> {
  const { ledger } = scenarioDoor();
  const bodies = act.bodies.map((acts, index) => async (child: FiberContext) => {
    return body(child, ledger.spawn(run, index), acts);
  });
  switch (act.do) {
    case 'spawn':
      for (const one of bodies) fiber.spawn(one);
      return;
    case 'all':
      await fiber.all(bodies);
      return;
    case 'any':
      await fiber.any(bodies);
      return;
    case 'race':
      await fiber.race(bodies);
      return;
    default:
      await fiber.group(Math.min(act.count, bodies.length), bodies);
  }
}

/** One child sends, another receives. */
async function pipe(fiber: FiberContext, run: Run, items: number, ms: number): Promise<void> {
  const { ledger } = scenarioDoor();
  const channel = new Channel<number>(1);
  await fiber.all([
    async (child) => {
      const sends = ledger.spawn(run, 0);
      try {
        for (let item = 0; item < items; item++) await channel.send(child, item);
        channel.close();
      } finally {
        sends.isOver = true;
      }
    },
    async (child) => {
      const receives = ledger.spawn(run, 1);
      try {
        for (let item = 0; ; item++) {
          const received = await channel.receive(child);
          if (received.done) break;
          if (received.value !== item) throw new Error(`the channel gave ${received.value}, not ${item}`);
          await child.sleep(ms);
        }
      } finally {
        receives.isOver = true;
      }
    },
  ]);
}

async function call(fiber: FiberContext, run: Run, act: Act & { do: 'call' }): Promise<void> {
  const { ledger, clock, random, bodyBytesMax } = scenarioDoor();
  const { target, acts, timeoutMs, json } = act;
  const deadlineMs = Math.min(fiber.deadlineMs, timeoutMs > 0 ? clock.nowMs() + timeoutMs : Number.POSITIVE_INFINITY);
  const asked = ledger.ask(run.name, run.thread, deadlineMs, attemptsMax);
  const { id } = asked;
  const padding = paddingOf(id, Math.floor(random() * bodyBytesMax));
  await settle(fiber, asked, async () => {
    const options = { ...(timeoutMs > 0 && { timeoutMs }), ...(json && { codec: 'json' as const }) };
    const reply = await fiber.call(targets[target], { id, acts: JSON.stringify(acts), padding }, options);
    ledger.checkAnswer(asked, reply.id, Buffer.from(reply.padding), answerTo(id, padding));
  });
}

async function offload(fiber: FiberContext, pool: string, acts: Act[]): Promise<void> {
  const { ledger, thread } = scenarioDoor();
  const asked = ledger.ask(`a task of ${thread.name}`, thread, fiber.deadlineMs, 1);
  await settle(fiber, asked, async () => {
    const id = await fiber.offload(performTask, { id: asked.id, acts }, { pool });
    ledger.checkAnswer(asked, id, Buffer.alloc(0), Buffer.alloc(0));
  });
}

/** A handler that goes on without the answer, now and then. */
async function settle(fiber: FiberContext, asked: Asked, ask: () => Promise<void>): Promise<void> {
  const { ledger, random } = scenarioDoor();
  try {
    await ask();
  } catch (error) {
    const { code, retry, message } = HeddleError.from(error);
    // What a fiber that is stopped throws is the reason for that, and says nothing of the call.
    const isOfCall = !fiber.cancelled;
    ledger.end(asked, `${code} (${message})`, {
      saidUnrun: isOfCall && retry === 'yes',
      isFromRun: isOfCall && code === meantFailure,
    });
    if (random() < 0.5) throw error;
    return;
  }
  ledger.end(asked, 'ok', { isFromRun: true });
}
