// What differs in the degradation of two versions of a strategy: levels by number; signals and limits by what they measure
// and the level that they raise.

import type { DegradeDefinition, LevelDefinition } from '../definition.ts';
import { dataChanges, gainsOf, textChange } from './data-changes.ts';
import type { PartDiff, TextChange } from './strategies-diff.ts';
import { templateChanges } from './template-changes.ts';

export function diffDegrade(before: DegradeDefinition, after: DegradeDefinition): PartDiff[] {
  return [
    ...diffParts(
      byName(before.levels, ({ level }) => `level ${level}`),
      byName(after.levels, ({ level }) => `level ${level}`),
      levelChanges,
    ),
    ...diffParts(signalsOf(before), signalsOf(after), (one, other) => dataChanges([], one, other)),
    ...diffParts(limitsOf(before), limitsOf(after), (one, other) => dataChanges([], one, other)),
  ];
}

function signalsOf({ signals }: DegradeDefinition) {
  return byName(signals, ({ signal, level }) => `signal ${signal} at level ${level}`);
}

function limitsOf({ limits }: DegradeDefinition) {
  return byName(limits, ({ kind, level }) => `limit ${kind} at level ${level}`);
}

/** Parts of the same name are told apart by their order: the second has ` (2)`. */
function byName<Part>(parts: readonly Part[], nameOf: (part: Part) => string): Map<string, Part> {
  const named = new Map<string, Part>();
  for (const part of parts) {
    const name = nameOf(part);
    let unique = name;
    for (let count = 2; named.has(unique); count++) unique = `${name} (${count})`;
    named.set(unique, part);
  }
  return named;
}

function diffParts<Part>(
  before: ReadonlyMap<string, Part>,
  after: ReadonlyMap<string, Part>,
  changes: (before: Part, after: Part) => TextChange[],
): PartDiff[] {
  const names = [...new Set([...after.keys(), ...before.keys()])];
  return names.flatMap((part): PartDiff[] => {
    const [was, now] = [before.get(part), after.get(part)];
    if (was === undefined) return [{ part, change: 'added', fields: [] }];
    if (now === undefined) return [{ part, change: 'removed', fields: [] }];
    const fields = changes(was, now);
    return fields.length === 0 ? [] : [{ part, change: 'changed', fields }];
  });
}

function levelChanges(before: LevelDefinition, after: LevelDefinition): TextChange[] {
  const { gained, lost } = gainsOf(before.skip, after.skip);
  const [oldInputs, inputs] = [new Map(before.input), new Map(after.input)];
  const [oldReplace, replace] = [new Map(before.replace), new Map(after.replace)];
  return [
    ...lost.map((node) => ({ field: 'skip', before: node, after: undefined })),
    ...gained.map((node) => ({ field: 'skip', before: undefined, after: node })),
    ...keysOf(replace, oldReplace).flatMap((node) =>
      textChange(`replace.${node}`, oldReplace.get(node), replace.get(node), (by) => by),
    ),
    ...keysOf(inputs, oldInputs).flatMap((node) =>
      templateChanges(`input.${node}`, oldInputs.get(node), inputs.get(node)),
    ),
  ];
}

function keysOf(...maps: readonly ReadonlyMap<string, unknown>[]): string[] {
  return [...new Set(maps.flatMap((map) => [...map.keys()]))];
}
