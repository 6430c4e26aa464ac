// Levels of degradation and what raises them.

import type { DegradeDefinition, LevelDefinition, LimitDefinition, SignalDefinition } from '../../definition.ts';
import type { CheckedDegrade, CheckedLevel, CheckedLimit } from '../schema-degrade.ts';
import { type Reading, valuesOf } from './reading.ts';
import { readTemplate } from './template.ts';

export function readDegrade(degrade: CheckedDegrade, reading: Reading): DegradeDefinition {
  const levels = [...degrade.levels].map(([level, { value }]) => levelOf(level, value, reading));
  return {
    levels: levels.sort((one, other) => one.level - other.level),
    signals: degrade.signals.flatMap((signal): SignalDefinition[] => {
      const [level, name, above] = [signal.level?.value, signal.signal?.value, signal.above?.value];
      if (level === undefined || name === undefined || above === undefined) return [];
      const below = signal.below?.value ?? above / 2;
      return [{ level, signal: name, above, below, holdMs: signal.hold.value, coolDownMs: signal.coolDown.value }];
    }),
    limits: degrade.limits.flatMap((limit, at) => limitOf(limit, `degrade.limits[${at}]`, reading)),
  };
}

function levelOf(name: string, level: CheckedLevel, { report }: Reading): LevelDefinition {
  const path = `degrade.levels.${name}`;
  return {
    level: Number(name),
    skip: valuesOf(level.skip),
    replace: [...level.replace].flatMap(([node, { value }]) =>
      value.value === undefined ? [] : [[node, value.value] as const],
    ),
    input: [...level.input].flatMap(([node, { value }]) => {
      if (value === undefined) return [];
      const template = readTemplate(value, `${path}.input.${node}`, report);
      if (template.kind === 'map') return [[node, template] as const];
      report.add(
        `${path}.input.${node}`,
        `input of ${node} must be a map: its entries take the place of the node's own`,
      );
      return [];
    }),
  };
}

function limitOf(limit: CheckedLimit, path: string, { report }: Reading): LimitDefinition[] {
  const level = limit.level?.value;
  const [byCount, byRate] = ['count', 'rate'].map((key) => report.places.has(`${path}.${key}`));
  if (byCount === byRate) report.add(path, 'a limit has one of count and rate');
  if (limit.burst !== undefined && byRate !== true) {
    report.add(`${path}.burst~key`, 'burst belongs to rate: a count has none');
  }
  if (level === undefined) return [];
  const count = limit.count?.value;
  if (count !== undefined) return [{ kind: 'count', level, count: count.count, gapMs: count.gapMs }];
  const perSecond = limit.rate?.value;
  if (perSecond === undefined) return [];
  return [{ kind: 'rate', level, perSecond, burst: limit.burst?.value ?? Math.max(1, Math.ceil(perSecond)) }];
}
