// A mutant: a mistake that somebody could make, put into the shipped sources, which the simulation must find.

import type { Failure, WorldName } from '../hunt/hunted-world.ts';
import type { Edit } from '../steps/steps.ts';

export interface Mutant {
  /** `no-walk` */
  name: string;
  /** What is wrong with it, and what it leads to. */
  what: string;
  /** The flaw of the design's review that it brings back. */
  flaw?: string;
  /** Where it is looked for. */
  world: WorldName;
  /** Of the sentences of the laws that it may break: a failure whose sentence has none of these is about something else. */
  breaks: readonly string[];
  edits: readonly Edit[];
  /** Of a memory world, whose main is written by hand: the mistake is main's. */
  forced?: object;
}

export function isFoundBy({ breaks }: Mutant, { law }: Failure): boolean {
  return breaks.some((sentence) => law.includes(sentence));
}
