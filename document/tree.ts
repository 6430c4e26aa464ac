// Tree: what was written, as maps, lists and scalars that know their places. Parsed YAML becomes one; overrides make a
// changed copy of it; the checker reads it against the schema. Immutable, since aliases share nodes.

import { type Place, Source } from './problem.ts';

export type Tree = MapTree | ListTree | ScalarTree;

export interface MapTree {
  kind: 'map';
  place: Place;
  entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  /** Where the key stands. */
  key: Place;
  value: Tree;
}

export interface ListTree {
  kind: 'list';
  place: Place;
  items: readonly Tree[];
}

export interface ScalarTree {
  kind: 'scalar';
  place: Place;
  value: Scalar;
}

export type Scalar = string | number | bigint | boolean | null;

const defaultSource = new Source('default', 'default', '');

/** The place of everything that nobody wrote. */
export const defaultPlace: Place = { source: defaultSource, start: 0, end: 0 };

/** What the schema's default would be if somebody had written it. */
export function defaultTree(value: Scalar | readonly string[]): Tree {
  if (value === null || typeof value !== 'object') return { kind: 'scalar', place: defaultPlace, value };
  return { kind: 'list', place: defaultPlace, items: value.map(defaultTree) };
}

export function emptyMap(place: Place): MapTree {
  return { kind: 'map', place, entries: new Map() };
}

/** A section that was opened and left empty (`pools:`) counts as a section without entries. */
export function asMap(tree: Tree | undefined, place: Place): MapTree | undefined {
  if (tree === undefined || isEmpty(tree)) return emptyMap(tree?.place ?? place);
  return tree.kind === 'map' ? tree : undefined;
}

export function isEmpty(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.value === null;
}

/** A copy with one entry set. */
export function withEntry(map: MapTree, name: string, entry: Entry): MapTree {
  return { ...map, entries: new Map(map.entries).set(name, entry) };
}
