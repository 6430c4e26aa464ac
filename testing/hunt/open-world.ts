// A world by its name, with a mutant in it or none. What a world needs is loaded with it.

import type { Mutant } from '../mutants/mutant.ts';
import type { HuntedWorld, WorldName } from './hunted-world.ts';

/** The sources can't be run: what a mutant makes of them is no program. */
export class NotLoaded extends Error {}

/** Rejects with NotLoaded. */
export async function openWorld(name: WorldName, mutant?: Mutant): Promise<HuntedWorld> {
  try {
    return await open(name, mutant);
  } catch (reason) {
    if (mutant === undefined) throw reason;
    throw new NotLoaded(`mutant ${mutant.name}: ${(reason as Error).message}`, { cause: reason });
  }
}

async function open(name: WorldName, mutant: Mutant | undefined): Promise<HuntedWorld> {
  const edits = mutant?.edits ?? [];
  if (name === 'process') {
    const { ProcessHunt } = await import('./process-hunt.ts');
    return new ProcessHunt(edits);
  }
  const { MemoryHunt } = await import('./memory-hunt.ts');
  const { loadStepping } = await import('../steps/steps.ts');
  return new MemoryHunt(name, { modules: await loadStepping(edits), forced: mutant?.forced });
}
