// One node of a strategy file, without its edges: those need all of them.

import type { Place } from '../../../document/problem.ts';
import type { Foreach } from '../../definition.ts';
import type { CheckedNode } from '../schema.ts';
import type { CheckedDefaults } from '../schema-policies.ts';
import type { EdgelessNode } from './edges.ts';
import { readFallbacks, readPolicies, withoutRefused } from './policies.ts';
import type { Reading } from './reading.ts';
import { checkSyntax, checkVariable, readTemplate } from './template.ts';
import { readWork, workKeyOf } from './work.ts';

/** `names`: of all nodes. */
export function readNode(
  name: string,
  checked: CheckedNode,
  defaults: CheckedDefaults,
  names: ReadonlyMap<string, { readonly name: Place }>,
  reading: Reading,
): EdgelessNode {
  const { report } = reading;
  const path = `nodes.${name}`;
  checkVariable(name, 'node', `${path}~key`, report);
  const key = workKeyOf(name, reading);
  const node = withoutRefused(name, key, checked, reading);
  const when = node.when?.value;
  if (when !== undefined) checkSyntax(when, `${path}.when`, report);
  const input = node.input === undefined ? undefined : readTemplate(node.input, `${path}.input`, report);
  return {
    name,
    work: readWork(key, name, node, reading),
    input: key === 'value' ? undefined : (input ?? { kind: 'map', entries: [] }),
    join: node.join.value ?? { kind: 'all' },
    when,
    foreach: foreachOf(name, node.foreach, names, reading),
    pool: node.pool?.value,
    ...readPolicies(name, key, node, defaults, reading),
    fallback: readFallbacks(name, node.fallback, reading),
  };
}

function foreachOf(
  name: string,
  foreach: CheckedNode['foreach'],
  names: ReadonlyMap<string, unknown>,
  { report }: Reading,
): Foreach | undefined {
  if (foreach === undefined) return undefined;
  const path = `nodes.${name}.foreach`;
  const variable = foreach.as.value ?? 'item';
  const at = report.places.has(`${path}.as`) ? `${path}.as` : `${path}~key`;
  checkVariable(variable, "foreach's item", at, report);
  if (names.has(variable) || variable === 'request' || variable === 'params') {
    const taken = names.has(variable) ? 'a node is called so' : 'expressions read it already';
    report.add(at, `the items of ${name} can not be called ${variable}: ${taken}; give them another name by \`as\``);
  }
  const list = foreach.in?.value;
  if (list !== undefined) checkSyntax(list, `${path}.in`, report);
  return {
    in: list ?? '[]',
    as: variable,
    maxItems: foreach.maxItems?.value ?? 1,
    parallel: foreach.parallel.value,
    quorum: foreach.quorum?.value,
    failed: foreach.failed.value,
  };
}
