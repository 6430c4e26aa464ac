// Makes a finding easier to read: the same law broken by the same world in fewer switches between threads, then in fewer
// steps. It leaves out stretches of the schedule, or joins them, and looks whether the law still breaks.

import { replay } from './explorer.ts';
import type { Finding, World } from './world.ts';

/** Moves of one thread, one after another. */
type Stretch = number[];

/** Two findings of one law say the same but for numbers and names. */
export function lawOf(message: string): string {
  return message.split('\n', 1)[0]!.replace(/\d+'*/g, '#');
}

/** Asked between two tries: whether the search goes on. */
export type GoesOn = () => Promise<boolean>;

/** `tries`: schedules that are run at most. */
export async function shrinkSchedule(
  create: () => World,
  finding: Finding,
  tries: number,
  goesOn: GoesOn,
): Promise<Finding> {
  const law = lawOf(finding.message);
  let best = finding;
  let left = tries;
  const accept = (moves: number[]): boolean => {
    if (left <= 0) return false;
    left--;
    const found = replay(create, moves);
    if (found === undefined || lawOf(found.message) !== law || !isShorter(found, best)) return false;
    best = found;
    return true;
  };
  for (let improved = true; improved && left > 0; ) {
    improved = false;
    let stretches = stretchesOf(best.moves);
    for (let at = stretches.length - 1; at >= 0 && left > 0; at--) {
      if (at >= stretches.length) continue;
      if (!(await goesOn())) left = 0;
      if (!variantsAt(stretches, at).some((moves) => accept(moves))) continue;
      improved = true;
      stretches = stretchesOf(best.moves);
    }
  }
  return replay(create, best.moves, true) ?? finding;
}

function isShorter(one: Finding, other: Finding): boolean {
  return one.switches < other.switches || (one.switches === other.switches && one.steps < other.steps);
}

function stretchesOf(moves: readonly number[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const move of moves) {
    const last = stretches.at(-1);
    if (last !== undefined && last[0]! >> 8 === move >> 8) last.push(move);
    else stretches.push([move]);
  }
  return stretches;
}

/** Without a stretch; with it put off until its thread goes on anyway; with its thread going on at once. */
function variantsAt(stretches: readonly Stretch[], at: number): number[][] {
  const thread = stretches[at]![0]! >> 8;
  const without = stretches.toSpliced(at, 1);
  const next = stretches.findIndex((stretch, index) => index > at && stretch[0]! >> 8 === thread);
  const variants = [without.flat()];
  if (next >= 0) {
    variants.push(without.toSpliced(next - 1, 0, stretches[at]!).flat());
    variants.push(
      stretches
        .toSpliced(next, 1)
        .toSpliced(at + 1, 0, stretches[next]!)
        .flat(),
    );
  }
  return variants;
}
