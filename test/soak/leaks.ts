// leaksOf: what a process still holds when nothing is under way, against what it held at the first rest.

import type { Holdings } from './control.ts';

/** Heap and buffers of all threads may grow by this share and this much: code is compiled, caches fill. */
const usedGrowthMax = 1.2;
const usedSlackBytes = 16 * 1_048_576;
/** Memory in RAM also: an allocator keeps what threads that died have left. */
const residentGrowthMax = 1.3;
const residentSlackBytes = 128 * 1_048_576;
/** Files that are no sockets (libuv's own): a pool may keep a Worker more than it has threads, for the next death. */
const otherFilesSlack = 40;

/** One sentence for each leak. `socketsMax`: listeners and connections that are always there. */
export function leaksOf(name: string, before: Holdings, after: Holdings, socketsMax: number): string[] {
  const leaks = after.restless.map((what) => `${name}: ${what}`);
  const check = (what: string, count: number, max: number): void => {
    // Also when it could not be counted.
    if (!(count <= max)) leaks.push(`${name}: ${count} ${what}, at most ${max} are its own`);
  };
  check('sockets', after.sockets, socketsMax);
  check('other files', after.otherFiles, before.otherFiles + otherFilesSlack);
  check('thread numbers', after.threadNumbers, before.threadNumbers);
  check(
    'MiB of heap and buffers',
    mebibytes(after.usedBytes),
    mebibytes(before.usedBytes * usedGrowthMax + usedSlackBytes),
  );
  check(
    'MiB in RAM',
    mebibytes(after.residentBytes),
    mebibytes(before.residentBytes * residentGrowthMax + residentSlackBytes),
  );
  return leaks;
}

export function holdingsText(
  name: string,
  { usedBytes, residentBytes, sockets, otherFiles, threads }: Holdings,
): string {
  const memory = `${mebibytes(usedBytes)} MiB of heap and buffers, ${mebibytes(residentBytes)} MiB in RAM`;
  return `${name}: ${threads} threads, ${memory}, ${sockets} sockets, ${otherFiles} other files`;
}

function mebibytes(bytes: number): number {
  return Math.round((bytes / 1_048_576) * 10) / 10;
}
