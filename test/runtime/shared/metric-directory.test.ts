// The directory of series under every schedule of two threads with a death before any step, whose successor takes its number
// over: all agree on one list, and nothing stands in it twice. And the harness finds what a careless change breaks.

import test from 'ava';
import { MetricDirectory, seriesMax, seriesTextMaxBytes } from '../../../runtime/shared/metric-directory.ts';
import { explore } from '../../../testing/steps/explorer.ts';
import { Driver, run, runNow, type StepGenerator } from '../../../testing/steps/step-runtime.ts';
import { type Edit, loadStepping } from '../../../testing/steps/steps.ts';
import { type SimThread, simThread, stopThread, Violation, type World } from '../../../testing/steps/world.ts';

type Module = typeof import('../../../runtime/shared/metric-directory.ts');

const file = 'runtime/shared/metric-directory.ts';
/** Three thread numbers, and texts of a few letters. */
const small: Edit[] = [
  { file, find: 'const slotBytes = 2048;', replace: 'const slotBytes = 8;' },
  { file, find: 'const firstFree = threadNumberMax + 1;', replace: 'const firstFree = 3;' },
];
let copies = 0;

async function stepping(edits: readonly Edit[] = []): Promise<Module> {
  const copy = ++copies;
  await loadStepping([...small, ...edits]);
  return import(`${new URL(`../../../${file}`, import.meta.url).href}?steps=${copy}`) as Promise<Module>;
}

function all(directory: MetricDirectory): string[] {
  const texts: string[] = [];
  for (let text = runNow(directory.readNext()); text !== undefined; text = runNow(directory.readNext())) {
    texts.push(text);
  }
  return texts;
}

interface Plan {
  series: number;
  /** What each thread wants to have there, in its order; number 1, then 2. */
  wants: [string[], string[]];
  deaths: number;
}

function worlds({ MetricDirectory: Directory }: Module, { series, wants, deaths }: Plan): () => World {
  const memory = Directory.memoryFor(series);
  const words = new Int32Array(memory);
  return () => {
    words.fill(0);
    const known: string[][] = [];
    const threads: SimThread[] = [];
    const numbers = new Map<SimThread, number>();
    let died = 0;
    function* thread(number: number, life: number): StepGenerator<void> {
      const directory = new Directory(memory, number);
      const texts: string[] = [];
      known[life] = texts;
      for (const text of wants[number - 1]!) {
        for (;;) {
          let next = yield* run(directory.readNext());
          while (next !== undefined) {
            texts.push(next);
            next = yield* run(directory.readNext());
          }
          if (texts.includes(text) || directory.isFull) break;
          yield* run(directory.append(Buffer.from(text)));
        }
      }
    }
    const start = (number: number): void => {
      const one = simThread(`thread ${number}`, true);
      one.driver = new Driver(thread(number, threads.length));
      numbers.set(one, number);
      threads.push(one);
    };
    start(1);
    start(2);
    return {
      threads,
      memory: [words],
      deaths,
      state: () => [died],
      enter: () => {},
      onKill: (one) => {
        died++;
        stopThread(one);
        start(numbers.get(one)!);
      },
      atRest: () => {
        const list = all(new Directory(memory, 0));
        if (new Set(list).size !== list.length) throw new Violation(`twice: ${list}`);
        for (const texts of known) {
          if (texts.some((text, index) => list[index] !== text)) throw new Violation(`${texts} became ${list}`);
        }
        const wanted = new Set(wants.flat());
        if (list.length !== Math.min(series, wanted.size)) throw new Violation(`${list} of ${[...wanted]}`);
        if (list.some((text) => !wanted.has(text))) throw new Violation(`${list} was never written`);
      },
    };
  };
}

const plans: Record<string, Plan> = {
  'two threads that want the same': {
    series: 4,
    wants: [
      ['a', 'b'],
      ['a', 'b'],
    ],
    deaths: 1,
  },
  'two threads that want the same in another order': {
    series: 3,
    wants: [
      ['a', 'b', 'c'],
      ['c', 'a'],
    ],
    deaths: 1,
  },
  'two threads that want more than there is room for': {
    series: 2,
    wants: [
      ['a', 'b'],
      ['c', 'b'],
    ],
    deaths: 1,
  },
};

const shipped = await stepping();

for (const [name, plan] of Object.entries(plans)) {
  test(`${name} agree on one list, with a death anywhere`, (t) => {
    const { finding, complete, states } = explore(worlds(shipped, plan));
    if (finding !== undefined) t.log(finding.trace.join('\n'));
    t.is(finding?.message, undefined);
    t.true(complete);
    t.log(`${states} states`);
  });
}

const finds = test.macro({
  exec: async (t, edit: Omit<Edit, 'file'>) => {
    const mutant = await stepping([{ file, ...edit }]);
    const found = Object.values(plans).map((plan) => explore(worlds(mutant, plan)).finding?.message);
    t.true(found.some((message) => message !== undefined));
    t.log(found.find((message) => message !== undefined));
  },
  title: (name) => `finds ${name}`,
});
test.serial('a slot that is published before its text', finds, {
  find: `    words[start / 4] = text.length;
    text.copy(this.#bytes, start + 4);
    // Pairs with the load in readNext().
    return swapIf(words, this.#read, 0, this.#ownSlot + 1);`,
  replace: `    const done = swapIf(words, this.#read, 0, this.#ownSlot + 1);
    words[start / 4] = text.length;
    text.copy(this.#bytes, start + 4);
    return done;`,
});
test.serial('a slot that is used twice', finds, {
  find: 'if (slot === this.#ownSlot) this.#ownSlot = firstFree + index;',
  replace: '',
});
test.serial('a successor that does not find the slots of the one before', finds, {
  find: 'if (slot === this.#ownSlot) this.#ownSlot = firstFree + index;',
  replace: 'if (slot === this.#ownSlot && slot < firstFree) this.#ownSlot = firstFree + index;',
});
test.serial('an entry that is taken from whoever came first', finds, {
  find: 'return swapIf(words, this.#read, 0, this.#ownSlot + 1);',
  replace: 'return swapIf(words, this.#read, load(words, this.#read), this.#ownSlot + 1);',
});

test('texts of the greatest length come back whole, in order, on every instance', (t) => {
  const memory = MetricDirectory.memoryFor(3);
  const writer = new MetricDirectory(memory, 255);
  const texts = ['é'.repeat(seriesTextMaxBytes / 2), 'x', '\0'.repeat(seriesTextMaxBytes)];
  for (const text of texts) {
    t.true(writer.append(Buffer.from(text)));
    t.is(writer.readNext(), text);
  }
  t.true(writer.isFull);
  t.deepEqual(all(new MetricDirectory(memory, 0)), texts);
});

test('a directory has between 1 series and its most', (t) => {
  for (const series of [0, 1.5, seriesMax + 1]) {
    t.throws(() => MetricDirectory.memoryFor(series), { message: /^metrics.series must be from 1 to 20000, not / });
  }
});
