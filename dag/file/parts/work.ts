// What a node does: exactly one of run, call, strategy and value, of a file's texts or of what a program gave.

import type { Tree } from '../../../document/tree.ts';
import type { Work } from '../../definition.ts';
import type { CheckedNode } from '../schema.ts';
import { moduleUrl } from './module-file.ts';
import type { Reading } from './reading.ts';
import { nullTemplate, readTemplate } from './template.ts';

export type WorkKey = 'run' | 'call' | 'strategy' | 'value';
const workKeys: readonly WorkKey[] = ['run', 'call', 'strategy', 'value'];

/** The first of the four that is written, or what a node without any of them is taken for; others, and none, are reported. */
export function workKeyOf(name: string, { report }: Reading): WorkKey {
  const path = `nodes.${name}`;
  const [first, ...others] = workKeys.filter((key) => report.places.has(`${path}.${key}`));
  if (first === undefined) report.add(`${path}~key`, `${name} does nothing: give it one of ${workKeys.join(', ')}`);
  for (const other of others) {
    report.add(`${path}.${other}~key`, `${name} has both ${first} and ${other}: a node does one thing`);
  }
  // What is refused of no other kind: nothing else is reported about it.
  return first ?? 'run';
}

export function readWork(key: WorkKey, name: string, node: CheckedNode, reading: Reading): Work {
  const where = `nodes.${name}.${key}`;
  switch (key) {
    case 'run':
      return runOf(name, node.run?.value, where, reading);
    case 'call':
      return callOf(name, node.call?.value, where, reading);
    case 'strategy':
      return { kind: 'strategy', strategy: node.strategy?.value ?? '' };
    case 'value':
      return { kind: 'value', value: templateOf(node.value, where, reading) };
  }
}

function runOf(name: string, text: string | undefined, where: string, reading: Reading): Work {
  const { program } = reading;
  if (program?.functions.has(name) === true) {
    return { kind: 'function', moduleUrl: program.moduleUrl, exportName: program.exportName, node: name };
  }
  // What was refused by the schema is kept as work of its kind, so that nothing else is reported about it.
  if (text === undefined) return { kind: 'run', moduleUrl: '', exportName: '' };
  const at = text.lastIndexOf('#');
  return { kind: 'run', moduleUrl: moduleUrl(text.slice(0, at), where, reading), exportName: text.slice(at + 1) };
}

function callOf(name: string, text: string | undefined, where: string, reading: Reading): Work {
  const method = reading.program?.methods.get(name);
  if (reading.program !== undefined && method !== undefined) {
    const { moduleUrl, exportName } = reading.program;
    return { kind: 'method', moduleUrl, exportName, node: name, service: method.service, method: method.method };
  }
  if (text === undefined) return { kind: 'call', moduleUrl: '', exportName: '', method: '' };
  const at = text.lastIndexOf('#');
  const [exportName = '', called = ''] = text.slice(at + 1).split('/');
  return { kind: 'call', moduleUrl: moduleUrl(text.slice(0, at), where, reading), exportName, method: called };
}

function templateOf(tree: Tree | undefined, where: string, { report }: Reading) {
  return tree === undefined ? nullTemplate : readTemplate(tree, where, report);
}
