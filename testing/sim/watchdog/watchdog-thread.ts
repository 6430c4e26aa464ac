// The watchdog's Worker: looks whether the simulation of another thread still moves, and has it ended when it does not. While
// nothing is simulated it sleeps. It counts looks and not time: a process that was stopped, or a machine that slept, is not
// stuck.

import { writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import { workerData } from 'node:worker_threads';
import { tellName, type WatchData, watchWord } from './words.ts';

/** Looks in which a task is still the same before it is taken to stand still. */
const looksMax = 4;
/** From then on until the process is killed, if it has not ended, ms. */
const endMsMax = 5_000;
/** Between two looks at whether it has been said, ms. */
const toldEveryMs = 10;

const { words: memory, threadId } = workerData as WatchData;
const words = new Int32Array(memory);
let lastTask = 0;
let looks = 0;
let session: Session | undefined;
let killer: NodeJS.Timeout | undefined;

look();

function look(): void {
  if (Atomics.load(words, watchWord.limitMs) === 0) {
    clearTimeout(killer);
    hangUp();
    Atomics.wait(words, watchWord.limitMs, 0);
  }
  const task = Atomics.load(words, watchWord.task);
  if (task === 0 || task !== lastTask) {
    lastTask = task;
    looks = 0;
    clearTimeout(killer);
    hangUp();
  } else if (++looks === looksMax) {
    killer = setTimeout(kill, endMsMax);
    interrupt(task);
  }
  setTimeout(look, Math.max(1, Atomics.load(words, watchWord.limitMs) / looksMax));
}

/** Has the thread say, on top of what it does, what that is. */
function interrupt(task: number): void {
  const expression = `globalThis[Symbol.for('${tellName}')]?.(${threadId}, ${task})`;
  try {
    session = new Session();
    session.connectToMainThread();
    if (threadId === 0) {
      session.post('Runtime.evaluate', { expression });
      setTimeout(awaitTold, toldEveryMs);
    } else {
      everyWorker(session, expression);
    }
  } catch {
    // A Node without an inspector.
    kill();
  }
}

/**
 * Workers have other numbers in the inspector: all are asked, and the one that is meant answers. Its process.exit stops the
 * evaluation alone, which is answered by an error; then what it interrupted is stopped too.
 */
function everyWorker(main: Session, expression: string): void {
  const send = (sessionId: string, method: string, params: object): void => {
    main.post('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id: 1, method, params }) });
  };
  main.on('NodeWorker.attachedToWorker', ({ params }) => send(params.sessionId, 'Runtime.evaluate', { expression }));
  main.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
    const { error } = JSON.parse(params.message) as { error?: unknown };
    if (error !== undefined) send(params.sessionId, 'Runtime.terminateExecution', {});
  });
  main.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
}

/** Who ends waits for the inspector's sessions first. */
function awaitTold(): void {
  if (session === undefined) return;
  if (Atomics.load(words, watchWord.told) === 1) hangUp();
  else setTimeout(awaitTold, toldEveryMs);
}

function hangUp(): void {
  session?.disconnect();
  session = undefined;
}

/** It could not be interrupted, since the inspector is missing or native code does not come back, or its end takes too long. */
function kill(): void {
  if (Atomics.load(words, watchWord.told) === 0) sayWhy();
  process.kill(process.pid, 'SIGKILL');
}

function sayWhy(): void {
  const seed = (words[watchWord.seedLow]! >>> 0) + words[watchWord.seedHigh]! * 2 ** 32;
  const sentence = `the run of seed ${seed} stands still in task ${words[watchWord.task]}, and could not be interrupted`;
  writeSync(2, `\n${sentence}; onLine of its options tells all that it did before. The process is killed.\n`);
}
