// Types of fields and indexes.

import { nearest } from '../../runtime/nearest.ts';
import type { Field, Index } from './ast.ts';
import { expectKind, type Report } from './check-operator.ts';
import { canBe, formatType, membersOf, type Type, unionOf } from './types.ts';

/** `targetText`: how the target is written, for messages. */
export function typeOfField(target: Type, name: string, node: Field | Index, targetText: string, report: Report): Type {
  const found: Type[] = [];
  const missing: string[] = [];
  let isMap = false;
  for (const member of membersOf(target)) {
    if (member.kind === 'any') found.push(member);
    if (member.kind === 'map') found.push(member.value);
    if (member.kind !== 'record') continue;
    isMap = true;
    if (Object.hasOwn(member.fields, name)) found.push(member.fields[name]!);
    else missing.push(...Object.keys(member.fields));
  }
  if (found.length > 0) return unionOf(found);
  const { start, end } = node;
  if (!isMap) {
    const hint = target.kind === 'list' ? '; list[0] and list.map(x, …) read its items, size(list) counts them' : '';
    report({
      message: `${targetText} is ${formatType(target)}, it has no field ${JSON.stringify(name)}${hint}`,
      start,
      end,
    });
    return unionOf([]);
  }
  const suggestion = nearest(name, missing);
  // `params.rank.model`, where "rank.model" is one name.
  const dotted = missing.find((field) => field.startsWith(`${name}.`));
  const meant = suggestion ?? (dotted === undefined ? undefined : `${targetText}[${JSON.stringify(dotted)}]`);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  const message = `${targetText} has no field ${JSON.stringify(name)}${hint}`;
  // The caret goes under the field, not under all that leads to it.
  const problem = {
    message,
    start: end - (node.kind === 'field' ? name.length : end - node.index.start),
    end,
    allowed: missing,
  };
  report(suggestion === undefined ? problem : { ...problem, suggestion });
  return unionOf([]);
}

export function typeOfIndex(target: Type, index: Type, node: Index, targetText: string, report: Report): Type {
  if (node.index.kind === 'literal' && typeof node.index.value === 'string' && !canBe(target, 'list')) {
    return typeOfField(target, node.index.value, node, targetText, report);
  }
  const found: Type[] = [];
  for (const member of membersOf(target)) {
    if (member.kind === 'any') found.push(member);
    if (member.kind === 'list') found.push(member.item);
    if (member.kind === 'map') found.push(member.value);
    if (member.kind === 'record') found.push(...Object.values(member.fields));
  }
  if (found.length === 0 && !canBe(target, 'record', 'list', 'map')) {
    const { start, end } = node;
    report({ message: `${targetText} is ${formatType(target)}, it has no items`, start, end });
    return unionOf([]);
  }
  if (!canBe(target, 'map', 'record')) expectKind(index, 'number', 'the index of a list', node.index, report);
  else if (!canBe(target, 'list')) expectKind(index, 'string', 'a key of a map', node.index, report);
  return unionOf(found);
}
