// Renamed nodes: a strategy whose nodes have names that expressions could not read, as `my-hotels`, is read as if they
// were my_hotels. So that is all that is told of it, and not every place that names the node besides.

import type { ProblemList } from '../../document/problem.ts';
import { quote } from '../../document/quote.ts';
import type { Entry, MapTree, Tree } from '../../document/tree.ts';
import { nodeNamePattern, nodeNameRule } from './schema-words.ts';

/** Keys of a node whose values are not read for its name: they name files, and pools, which may have such names. */
const otherNames = new Set(['run', 'call', 'strategy', 'pool']);

/** `root` with names that can be read; what was renamed is reported. Of bounded size, aliases written out. */
export function withNodesRenamed(root: MapTree, problems: ProblemList): MapTree {
  const nodes = root.entries.get('nodes')?.value;
  if (nodes?.kind !== 'map') return root;
  const names = new Map<string, string>();
  for (const [name, { key }] of nodes.entries) {
    const meant = name.replaceAll(/[-. ]/g, '_');
    const isReadable = new RegExp(nodeNamePattern).test(meant);
    if (meant === name || !isReadable || nodes.entries.has(meant) || [...names.values()].includes(meant)) continue;
    names.set(name, meant);
    problems.add(key, `${quote(name)} can not name a node: ${nodeNameRule}`, { suggestion: meant });
  }
  return names.size === 0 ? root : { ...root, entries: renamedEntries(root.entries, wordsOf(names), names) };
}

/** Any of the names where it is a word of its own; the longest first, since one may begin another. */
function wordsOf(names: ReadonlyMap<string, string>): RegExp {
  const longestFirst = [...names.keys()].sort((left, right) => right.length - left.length);
  const patterns = longestFirst.map((name) => name.replaceAll('.', '\\.'));
  return new RegExp(`(?<![\\w.-])(?:${patterns.join('|')})(?![\\w-])`, 'g');
}

function renamedEntries(
  entries: ReadonlyMap<string, Entry>,
  words: RegExp,
  names: ReadonlyMap<string, string>,
): Map<string, Entry> {
  const renamed = new Map<string, Entry>();
  for (const [name, { key, value }] of entries) {
    const other = otherNames.has(name) ? value : renamedTree(value, words, names);
    renamed.set(names.get(name) ?? name, { key, value: other });
  }
  return renamed;
}

function renamedTree(tree: Tree, words: RegExp, names: ReadonlyMap<string, string>): Tree {
  switch (tree.kind) {
    case 'map':
      return { ...tree, entries: renamedEntries(tree.entries, words, names) };
    case 'list':
      return { ...tree, items: tree.items.map((item) => renamedTree(item, words, names)) };
    case 'scalar':
      if (typeof tree.value !== 'string') return tree;
      return { ...tree, value: tree.value.replaceAll(words, (name) => names.get(name) ?? name) };
  }
}
