// alignModules: two versions of strategies that lie in two folders, as two checkouts do, name their modules by other URLs
// though nothing changed. Before they are compared, a module that stands in the same place, seen from the file of its
// strategy, is given the newer one's URL. Pure.

import type { NodeDefinition, StrategyDefinition, Work } from '../definition.ts';

export interface PlacedStrategies {
  readonly definitions: readonly StrategyDefinition[];
  /** By strategy: URL of the folder of its file, with a slash at the end. Of one that is left out it is not known. */
  readonly folders: ReadonlyMap<string, string>;
}

/** The definitions of `before`, to be compared with those of `after`. */
export function alignModules(before: PlacedStrategies, after: PlacedStrategies): StrategyDefinition[] {
  const now = new Map(after.definitions.map((definition) => [definition.name, definition]));
  return before.definitions.map((old) => {
    const from = before.folders.get(old.name);
    const to = after.folders.get(old.name);
    const nodes = new Map(now.get(old.name)?.nodes.map((node) => [node.name, node]));
    if (from === undefined || to === undefined || from === to) return old;
    return { ...old, nodes: old.nodes.map((node) => aligned(node, nodes.get(node.name), from, to)) };
  });
}

function aligned(before: NodeDefinition, after: NodeDefinition | undefined, from: string, to: string): NodeDefinition {
  const was = moduleOf(before.work);
  const is = after === undefined ? undefined : moduleOf(after.work);
  if (was === undefined || is === undefined || relativeUrl(from, was) !== relativeUrl(to, is)) return before;
  return { ...before, work: { ...before.work, moduleUrl: is } as Work };
}

function moduleOf(work: Work): string | undefined {
  return 'moduleUrl' in work ? work.moduleUrl : undefined;
}

/** `../nodes.ts`: how one would write it in a file of the folder. */
function relativeUrl(folder: string, url: string): string {
  const [there, here] = [url.split('/'), folder.split('/').slice(0, -1)];
  let same = 0;
  while (same < here.length && here[same] === there[same]) same++;
  return [...here.slice(same).map(() => '..'), ...there.slice(same)].join('/');
}
