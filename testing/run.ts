// `npm run sim`: hunts for schedules, deaths and faults under which the shipped sources break a law. See docs/simulation.md.

import { systemClock } from '../runtime/clock.ts';
import { type HuntOptions, readCommandLine } from './hunt/command-line.ts';
import { type HuntTally, hunt } from './hunt/hunt.ts';
import { huntMutants } from './hunt/mutant-hunt.ts';
import { NotLoaded, openWorld } from './hunt/open-world.ts';
import { againText, failureText, mutantText, progressText, resultText } from './hunt/report.ts';
import { isFoundBy } from './mutants/mutant.ts';

const progressEveryMs = 1_000;
/** Where nobody watches, a line now and then will do. */
const quietProgressEveryMs = 30_000;

async function main(): Promise<number> {
  const seedOfClock = Math.floor(systemClock.wallMs()) % 1_000_000_000;
  const options = readCommandLine(process.argv.slice(2), seedOfClock);
  if ('text' in options) {
    (options.isMistake ? console.error : console.log)(options.text);
    return options.isMistake ? 2 : 0;
  }
  const stop = new AbortController();
  // The second time Node does as ever, and ends at once.
  process.once('SIGINT', () => stop.abort());
  try {
    return await (options.mutants === undefined ? huntSeeds(options, stop.signal) : huntAll(options, stop.signal));
  } catch (error) {
    if (!(error instanceof NotLoaded)) throw error;
    console.error(error.message);
    return 2;
  }
}

async function huntSeeds(options: HuntOptions, signal: AbortSignal): Promise<number> {
  const { seed, minutes, seeds, mutant, named, trace, json } = options;
  const names = { mutant: mutant?.name, named: named?.name };
  const worlds = await Promise.all(options.worlds.map((name) => openWorld(name, mutant)));
  const startMs = systemClock.nowMs();
  const tell = progress(startMs);
  tell.say(
    `seed ${seed}, worlds: ${options.worlds.join(', ')}${mutant === undefined ? '' : `, mutant ${mutant.name}`}`,
  );
  const endMs = startMs + minutes * 60_000;
  const onLine = trace ? (line: string) => tell.say(line) : undefined;
  const result = await hunt({
    worlds,
    seed,
    seeds,
    endMs,
    clock: systemClock,
    signal,
    scenario: named?.scenario,
    isGame: mutant && ((failure) => isFoundBy(mutant, failure)),
    onSeed: tell.seed,
    onLine,
  });
  tell.clear();
  let { failure } = result;
  if (failure !== undefined) {
    const world = worlds.find(({ name }) => name === failure!.world)!;
    tell.say(`seed ${failure.seed} breaks a law; looking for the shortest way to it …`);
    failure = await world.shrink(failure, signal);
  }
  if (json) {
    const again = failure && againText(failure, names);
    console.log(
      JSON.stringify({ seed, worlds: options.worlds, mutant: mutant?.name, ...result, failure, again }, null, 2),
    );
  } else {
    if (failure !== undefined) console.log(failureText(failure, names));
    console.log(resultText(result, mutant !== undefined));
  }
  // Of a mutant it is the other way round.
  return (failure === undefined) === (mutant === undefined) ? 0 : 1;
}

async function huntAll(options: HuntOptions, signal: AbortSignal): Promise<number> {
  const { seed, seeds, minutes, json } = options;
  const mutants = options.mutants!;
  const results = await huntMutants({
    mutants,
    seed,
    seeds,
    minutes,
    clock: systemClock,
    signal,
    onMutant: (one) => (json ? console.error : console.log)(mutantText(one)),
  });
  const found = results.filter(({ result }) => result.failure !== undefined);
  if (json) {
    const table = results.map(({ mutant: { name, flaw, world }, result: { failure, other, ...tally } }) => {
      return {
        mutant: name,
        flaw,
        world,
        law: failure?.law,
        again: failure && againText(failure, { mutant: name }),
        other: other?.law,
        ...tally,
      };
    });
    console.log(JSON.stringify({ seed, mutants: table }, null, 2));
  }
  const summary = `${found.length} of ${mutants.length} mutants were found, from seed ${seed} on`;
  (json ? console.error : console.log)(summary);
  return found.length === mutants.length ? 0 : 1;
}

/** Lines on standard error; the figures stand on one, where somebody watches. */
function progress(startMs: number): { say(line: string): void; seed(so: HuntTally): void; clear(): void } {
  const { isTTY } = process.stderr;
  let nextMs = startMs + (isTTY ? progressEveryMs : quietProgressEveryMs);
  const clear = (): void => {
    if (isTTY) process.stderr.write('\r\u001b[K');
  };
  return {
    clear,
    say: (line) => {
      clear();
      process.stderr.write(`${line}\n`);
    },
    seed: (so) => {
      const nowMs = systemClock.nowMs();
      if (nowMs < nextMs) return;
      nextMs = nowMs + (isTTY ? progressEveryMs : quietProgressEveryMs);
      const text = progressText(so, nowMs - startMs);
      process.stderr.write(isTTY ? `\r\u001b[K${text}` : `${text}\n`);
    },
  };
}

process.exitCode = await main();
