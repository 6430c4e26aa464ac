// Data of a strategy file that is no expression: requests and results of tests, values of parameters.

import type { Tree } from '../../../document/tree.ts';
import type { Data } from '../../definition.ts';
import type { Reporter } from '../places.ts';
import { isPlainNumber } from './template.ts';

/** What was written, as a value of JSON. The schema has bounded its size. */
export function readData(tree: Tree, path: string, report: Reporter): Data {
  if (tree.kind === 'list') return tree.items.map((item, at) => readData(item, `${path}[${at}]`, report));
  if (tree.kind === 'map') return entriesOf(tree, path, report);
  const { value } = tree;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (isPlainNumber(value)) return Number(value);
  report.add(path, `${value} is no value of JSON`);
  return null;
}

/** The same for what must be a map; `what` completes "must be". An empty map when it is none, which was reported. */
export function readDataMap(tree: Tree, what: string, path: string, report: Reporter): Record<string, Data> {
  if (tree.kind === 'map') return entriesOf(tree, path, report);
  // A key that was opened and left empty has nothing in it.
  if (tree.kind === 'list' || tree.value !== null) {
    report.add(path, `${path.slice(path.lastIndexOf('.') + 1)} must be ${what}`);
  }
  return {};
}

function entriesOf(tree: Tree & { kind: 'map' }, path: string, report: Reporter): Record<string, Data> {
  return Object.fromEntries(
    [...tree.entries].map(([name, { value }]) => [name, readData(value, `${path}.${name}`, report)]),
  );
}
