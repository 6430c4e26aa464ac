// ModuleStrategies (main): strategies whose functions stand in the module that declares them. Threads keep a module that
// they have loaded, so a changed graph of it would run with the functions of before: such a set is for new threads only.

import { isDeepStrictEqual } from 'node:util';
import { HeddleError } from '../../runtime/errors.ts';
import { fileOf } from '../../runtime/module-problem.ts';
import type { StrategyDefinition } from '../definition.ts';

export class ModuleStrategies {
  /** By module's URL, by strategy: as threads may have loaded it. Bounded by what the process was started with. */
  readonly #loaded = new Map<string, Map<string, StrategyDefinition>>();

  /** Threads load these, or have. */
  offered(definitions: readonly StrategyDefinition[]): void {
    for (const definition of definitions) {
      const moduleUrl = moduleOf(definition);
      if (moduleUrl === undefined) continue;
      const strategies = this.#loaded.get(moduleUrl) ?? new Map<string, StrategyDefinition>();
      this.#loaded.set(moduleUrl, strategies);
      strategies.set(definition.name, definition);
    }
  }

  /** New threads have loaded these from the modules as they are now, and the old ones end with what they have. */
  renewed(definitions: readonly StrategyDefinition[]): void {
    this.#loaded.clear();
    this.offered(definitions);
  }

  /** What is not as the threads' modules have it: `feed has changed in ./feed.ts`. */
  changed(definitions: readonly StrategyDefinition[]): string | undefined {
    for (const definition of definitions) {
      const moduleUrl = moduleOf(definition);
      const strategies = moduleUrl === undefined ? undefined : this.#loaded.get(moduleUrl);
      if (strategies === undefined) continue;
      const before = strategies.get(definition.name);
      if (before !== undefined && runsAlike(before, definition)) continue;
      return `${definition.name} ${before === undefined ? 'is new in' : 'has changed in'} ${fileOf(moduleUrl!)}`;
    }
    return undefined;
  }

  /** Throws FAILED_PRECONDITION for those that are not as the threads' modules have them. */
  check(definitions: readonly StrategyDefinition[]): void {
    const changed = this.changed(definitions);
    if (changed === undefined) return;
    throw new HeddleError(
      'FAILED_PRECONDITION',
      `${changed}, which the threads have loaded as it was before: the new graph would run with the old functions. \`heddle reload\` starts new threads, which load both`,
      { retry: 'no' },
    );
  }
}

/** Whether runs of both are the same: all but texts for people, and tests. */
export function runsAlike(one: StrategyDefinition, other: StrategyDefinition): boolean {
  return isDeepStrictEqual(running(one), running(other));
}

function running({ tests: _tests, origin: _origin, description: _description, ...rest }: StrategyDefinition): object {
  return rest;
}

/** Undefined: no node has its work from there. */
function moduleOf({ nodes }: StrategyDefinition): string | undefined {
  for (const { work } of nodes) if (work.kind === 'function' || work.kind === 'method') return work.moduleUrl;
  return undefined;
}
