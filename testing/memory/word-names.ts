// WordNames: what a word of a world's shared memory is called, and what its value says, for traces.

import { HandOp, type StepOp } from '../steps/step-runtime.ts';
import type { SteppingModules } from '../steps/steps.ts';

type Layout = SteppingModules['layout'];

/** A word, and how a value of it reads. */
interface Named {
  name: string;
  show: (value: number) => string;
}

export class WordNames {
  readonly #layout: Layout;
  readonly #byMemory = new Map<ArrayBufferLike, (index: number) => Named>();

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  queue(memory: SharedArrayBuffer, name: string, capacity: number): void {
    const { lane, laneWords, nestedLane, slot, slotWords } = this.#layout;
    const words = laneWords(capacity);
    this.#byMemory.set(memory, (index) => {
      const number = Math.floor(index / words);
      const within = index - number * words;
      const of = `${number === nestedLane ? 'the nested lane' : `lane ${number}`} of ${name}`;
      if (within < lane.slots) return { name: `the ${keyOf(lane, within)} of ${of}`, show: plain };
      const at = within - lane.slots;
      const which = `slot ${Math.floor(at / slotWords)} in ${of}`;
      if (at % slotWords === slot.state) return { name: which, show: (word) => this.#slotState(word) };
      return { name: `the ${keyOf(slot, at % slotWords)} of ${which}`, show: plain };
    });
  }

  board(memory: SharedArrayBuffer): void {
    const { board, boardRowWords, fates, wants } = this.#layout;
    this.#byMemory.set(memory, (index) => {
      const word = index % boardRowWords;
      const name = `the ${keyOf(board, word)} word of thread ${Math.floor(index / boardRowWords)}`;
      if (word === board.park)
        return { name, show: (value) => (value === 0 ? 'awake' : `waits for ${bits(wants, value)}`) };
      if (word === board.fate) return { name, show: (value) => keyOf(fates, value) };
      return { name, show: plain };
    });
  }

  table(memory: SharedArrayBuffer, number: number): void {
    const { generationMask, generationShift, requestStates, requestStateShift } = this.#layout;
    const show = (word: number): string => {
      const taker = (word & 255) === 0 ? '' : ` by ${word & 255}`;
      const state = keyOf(requestStates, (word >>> requestStateShift) & 3);
      return `${state}${taker}, generation ${(word >>> generationShift) & generationMask}`;
    };
    this.#byMemory.set(memory, (index) => ({ name: `request ${index} of thread ${number}`, show }));
  }

  arena(memory: SharedArrayBuffer, number: number): void {
    const show = (word: number): string => `${(word & 1) === 1 ? 'leased' : 'free'}, generation ${word >>> 1}`;
    this.#byMemory.set(memory, (index) => ({ name: `block ${index} of thread ${number}`, show }));
  }

  ring(memory: SharedArrayBuffer, from: number, to: number): void {
    const { ring } = this.#layout;
    this.#byMemory.set(memory, (index) => ({
      name: `${index < ring.data ? `the ${keyOf(ring, index)}` : `word ${index - ring.data}`} of the ring ${from} to ${to}`,
      show: plain,
    }));
  }

  /** Rows of one word for each thread. */
  rows(memory: SharedArrayBuffer, what: string): void {
    this.#byMemory.set(memory, (index) => ({ name: `the ${what} of thread ${index}`, show: plain }));
  }

  describe(op: StepOp, result: unknown): string | undefined {
    if (op instanceof HandOp || op.words === undefined) return undefined;
    const named = this.#byMemory.get(op.words.buffer)?.(op.index + (op.words.byteOffset >> 2));
    if (named === undefined) return undefined;
    const { name, show } = named;
    switch (op.kind) {
      case 'load':
        return `reads ${name}: ${show(Number(result))}`;
      case 'store':
        return `stores ${name}: ${show(op.first)}`;
      case 'swapIf':
        return `swaps ${name}: ${show(op.first)} → ${show(op.second)}${result === true ? '' : ' FAILS'}`;
      case 'add':
        return `adds ${op.first} to ${name}`;
      case 'exchange':
        return `exchanges ${name}: ${show(Number(result))} → ${show(op.first)}`;
      default:
        return `writes ${name} and what follows`;
    }
  }

  #slotState(word: number): string {
    const { lapShift, phases, phaseShift } = this.#layout;
    const owner = word & 255;
    return `${keyOf(phases, (word >>> phaseShift) & 3)}${owner === 0 ? '' : ` by ${owner}`}, lap ${word >>> lapShift}`;
  }
}

function plain(value: number): string {
  return String(value);
}

function keyOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? `word ${value}`;
}

function bits(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names)
    .filter((name) => (value & names[name]!) !== 0)
    .join(', ');
}
