// A world by its name, with a mutant in it or none. What a world needs is loaded with it.

import type { Mutant } from '../mutants/mutant.ts';
import type { HuntedWorld, WorldName } from './hunted-world.ts';

export async function openWorld(name: WorldName, mutant?: Mutant): Promise<HuntedWorld> {
  const edits = mutant?.edits ?? [];
  if (name === 'process') {
    const { ProcessHunt } = await import('./process-hunt.ts');
    return new ProcessHunt(edits);
  }
  const { MemoryHunt } = await import('./memory-hunt.ts');
  const { loadStepping } = await import('../steps/steps.ts');
  return new MemoryHunt(name, { modules: await loadStepping(edits), forced: mutant?.forced });
}
