// placesOf: the place of every part of a strategy, by its path, in one walk over what was written.

import type { Place } from '../../document/problem.ts';
import type { Tree } from '../../document/tree.ts';
import { Places } from './places.ts';

/**
 * `nodes.rank.needs[1]` for values, `nodes.rank~key` for keys. A value that was left out (`rank:`) stands at its key. The
 * tree must be of bounded size, aliases written out.
 */
export function placesOf(tree: Tree, top: Place): Places {
  const places = new Places(top);
  walk(tree, '', places);
  return places;
}

function walk(tree: Tree, path: string, places: Places): void {
  if (path !== '') places.set(path, tree.place);
  if (tree.kind === 'list') {
    for (const [at, item] of tree.items.entries()) walk(item, `${path}[${at}]`, places);
  } else if (tree.kind === 'map') {
    for (const [name, entry] of tree.entries) {
      const inner = path === '' ? name : `${path}.${name}`;
      places.set(`${inner}~key`, entry.key);
      walk(entry.value, inner, places);
    }
  }
}
