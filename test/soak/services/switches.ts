// Switches: what the control channel tells handlers and modules of its process, in one memory that all threads see.

import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

const key = 'heddle soak switches';

const words = { dyingLoads: 0, slowMs: 1 } as const;
export type Switch = keyof typeof words;

/** Main, before the server starts: all are 0. */
export function shareSwitches(): void {
  setEnvironmentData(key, new SharedArrayBuffer(4 * Object.keys(words).length));
}

export function setSwitch(name: Switch, value: number): void {
  Atomics.store(memory(), words[name], value);
}

export function readSwitch(name: Switch): number {
  return Atomics.load(memory(), words[name]);
}

/** Takes one from a switch that counts down; false: there was none left. */
export function takeOne(name: Switch): boolean {
  if (Atomics.sub(memory(), words[name], 1) > 0) return true;
  Atomics.add(memory(), words[name], 1);
  return false;
}

function memory(): Int32Array {
  const shared = getEnvironmentData(key);
  if (!(shared instanceof SharedArrayBuffer)) throw new Error('call shareSwitches() before the server starts');
  return new Int32Array(shared);
}
