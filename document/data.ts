// dataOf: what was written, as plain data for somebody who knows what it means. Aliases are written out, so the number
// of values is bounded: ten lines of YAML can stand for a billion.

import type { OptionValue, PluginOptions } from '../runtime/settings.ts';
import type { ProblemList } from './problem.ts';
import type { MapTree, Tree } from './tree.ts';

/** Undefined: it holds more than `maxValues`, and that was reported. */
export function dataOf(
  map: MapTree,
  name: string,
  maxValues: number,
  problems: ProblemList,
): PluginOptions | undefined {
  let values = 0;
  const plain = (tree: Tree): OptionValue => {
    if (++values > maxValues) return null;
    if (tree.kind === 'map') return entriesOf(tree);
    if (tree.kind === 'list') return tree.items.map(plain);
    return typeof tree.value === 'bigint' ? Number(tree.value) : tree.value;
  };
  const entriesOf = ({ entries }: MapTree): PluginOptions =>
    Object.fromEntries([...entries].map(([key, entry]) => [key, plain(entry.value)]));
  const data = entriesOf(map);
  if (values <= maxValues) return data;
  problems.add(map.place, `${name} holds more than ${maxValues} values, aliases written out`);
  return undefined;
}

/** Whether a tree holds at most `maxValues`; if not, that was reported. Aliases count as often as they are used. */
export function isWithin(tree: Tree, name: string, maxValues: number, problems: ProblemList): boolean {
  let values = 0;
  const count = (part: Tree): void => {
    if (++values > maxValues) return;
    if (part.kind === 'list') part.items.forEach(count);
    else if (part.kind === 'map') for (const { value } of part.entries.values()) count(value);
  };
  count(tree);
  if (values <= maxValues) return true;
  problems.add(tree.place, `${name} holds more than ${maxValues} values, aliases written out`);
  return false;
}
