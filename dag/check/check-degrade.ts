// Degradation: levels that leave the output without its producers or say two things of one node, and signals and limits
// that raise what is not there.

import type { LevelDefinition, NodeDefinition, Template } from '../definition.ts';
import { changesAt } from './edges.ts';
import type { Subject } from './subject.ts';

export function checkDegrade(subject: Subject): void {
  const { levels, signals, limits } = subject.definition.degrade;
  for (const level of levels) {
    checkTwice(subject, level);
    for (const [name, entries] of level.input) checkInput(subject, level.level, name, entries);
  }
  checkStandIns(subject);
  checkLost(subject);
  for (const [index, { level, signal, above, below }] of signals.entries()) {
    const path = `degrade.signals[${index}]`;
    checkDeclared(subject, level, `${path}.level`, 'this signal raises');
    // At 0 both may meet: what is above 0 comes down to it, and is lowered there.
    if (below > above || (below === above && above > 0)) {
      subject.report.add(
        `${path}.${subject.report.places.has(`${path}.below`) ? 'below' : 'above'}`,
        `below must be less than above: a level that is raised above ${above} and lowered below ${below} would flap`,
      );
    }
    if ((signal === 'utilization' || signal === 'errorRate') && above >= 1) {
      subject.report.add(`${path}.above`, `${signal} is a share from 0 to 1, it is never above ${above}: 80% is 0.8`);
    }
  }
  for (const [index, { level }] of limits.entries()) {
    checkDeclared(subject, level, `degrade.limits[${index}].level`, 'runs beyond this limit go to');
  }
}

function checkDeclared(subject: Subject, level: number, path: string, what: string): void {
  const levels = subject.definition.degrade.levels.map((one) => one.level);
  if (levels.includes(level)) return;
  const declared = levels.length === 0 ? 'none is' : `there ${levels.length === 1 ? 'is' : 'are'} ${levels.join(', ')}`;
  subject.report.add(path, `${what} level ${level}, which is not declared under degrade.levels; ${declared}`);
}

function checkTwice(subject: Subject, { level, skip, replace, input }: LevelDefinition): void {
  const replaced = new Set(replace.map(([name]) => name));
  const path = `degrade.levels.${level}`;
  for (const [index, name] of skip.entries()) {
    if (skip.indexOf(name) < index) subject.report.add(`${path}.skip[${index}]`, `level ${level} skips ${name} twice`);
    if (!replaced.has(name)) continue;
    subject.report.add(
      `${path}.skip[${index}]`,
      `level ${level} both skips ${name} and replaces it; keep one of the two`,
    );
  }
  for (const [name] of input) {
    const how = replaced.has(name) ? 'replaces' : skip.includes(name) ? 'skips' : undefined;
    if (how === undefined) continue;
    subject.report.add(
      `${path}.input.${name}~key`,
      `level ${level} ${how} ${name}, so what it changes in the input of ${name} is never used`,
    );
  }
}

function checkInput(subject: Subject, level: number, name: string, { entries }: Template & { kind: 'map' }): void {
  const node = subject.nodes.get(name);
  if (node === undefined) return;
  const path = `degrade.levels.${level}.input.${name}`;
  if (node.input?.kind !== 'map') {
    const has = node.work.kind === 'value' ? `${name} is a value and has no input` : `the input of ${name} is no map`;
    subject.report.add(`${path}~key`, `${has}, so level ${level} has no entries of it to change`);
    return;
  }
  const known = node.input.entries.map(([key]) => key);
  for (const [key] of entries) {
    if (known.includes(key)) continue;
    subject.report.add(`${path}.${key}~key`, `the input of ${name} has no "${key}" that level ${level} could change`, {
      allowed: known,
    });
  }
}

/** A node that is put in the place of another must not be skipped itself. */
function checkStandIns(subject: Subject): void {
  const told = new Set<string>();
  for (const { level } of subject.definition.degrade.levels) {
    const { skipped, replaced } = changesAt(subject.definition, level);
    for (const [name, by] of replaced) {
      const skippedAt = skipped.get(by.node);
      if (skippedAt === undefined || told.has(name)) continue;
      told.add(name);
      if (skippedAt > by.level) {
        const index = subject.definition.degrade.levels.find((one) => one.level === skippedAt)!.skip.indexOf(by.node);
        subject.report.add(
          `degrade.levels.${skippedAt}.skip[${index}]`,
          `level ${skippedAt} skips ${by.node}, which takes the place of ${name} from level ${by.level} on`,
        );
      } else {
        subject.report.add(
          `degrade.levels.${by.level}.replace.${name}`,
          `level ${by.level} puts ${by.node} in the place of ${name}, but ${by.node} is skipped from level ${skippedAt} on`,
        );
      }
    }
  }
}

/** Told once, at the level that begins it. */
function checkLost(subject: Subject): void {
  const { definition } = subject;
  const told = new Set<string>();
  for (const { level } of definition.degrade.levels) {
    const known: Ways = new Map();
    for (const output of definition.outputNeeds) {
      const way = lostWay(subject, level, output, known);
      if (way === undefined) continue;
      const skipped = way[0]!;
      const by = changesAt(definition, level).skipped.get(skipped)!;
      if (told.has(`${skipped} ${by}`)) continue;
      told.add(`${skipped} ${by}`);
      const index = definition.degrade.levels.find((one) => one.level === by)!.skip.indexOf(skipped);
      const mend = way.length === 1 ? '' : `, or let ${way[1]} do without it (needs: [${skipped}?])`;
      subject.report.add(
        `degrade.levels.${by}.skip[${index}]`,
        `level ${by} skips ${skipped}, and then every run fails, since the output needs it: ${[...way, 'output'].join(' → ')}; replace it with another node${mend}`,
      );
    }
  }
}

type Ways = Map<string, readonly string[] | undefined>;

/** From a skipped node to one that can't be done without it; undefined: it can. `known`: of this level. */
function lostWay(subject: Subject, level: number, name: string, known: Ways): readonly string[] | undefined {
  const node = subject.nodes.get(name);
  if (node === undefined || known.has(name)) return known.get(name);
  // A cycle, which is reported as one, loses nothing.
  known.set(name, undefined);
  const { skipped, replaced } = changesAt(subject.definition, level);
  const by = replaced.get(name);
  // A stand-in that is skipped was told where it is put in.
  if (by !== undefined && skipped.has(by.node)) return undefined;
  const needed = by === undefined ? lostBy(node) : lostWith(node, by.node);
  const ways = skipped.has(name)
    ? []
    : needed.names.map((other) => lostWay(subject, level, other, known)).filter((way) => way !== undefined);
  const way = skipped.has(name) ? [name] : ways.length >= needed.lost ? [...ways[0]!, name] : undefined;
  known.set(name, way);
  return way;
}

interface Needed {
  readonly names: readonly string[];
  /** So many of these must be lost for the node to be. */
  readonly lost: number;
}

/** Of a node that is replaced: its fallbacks follow when the other fails. */
function lostWith({ fallback }: NodeDefinition, by: string): Needed {
  const others = fallback.flatMap((one) => (one.kind === 'node' ? [one.node] : []));
  const names = [...new Set([by, ...others])];
  return { names, lost: others.length === fallback.length ? names.length : Number.POSITIVE_INFINITY };
}

/** Of one that runs itself: a failure or a skip by its join is final. */
function lostBy({ hard, join }: NodeDefinition): Needed {
  switch (join.kind) {
    case 'all':
      return { names: hard, lost: 1 };
    case 'none_failed':
      return { names: hard, lost: Number.POSITIVE_INFINITY };
    case 'any':
      return { names: hard, lost: Math.max(hard.length, 1) };
    case 'quorum':
      return { names: hard, lost: Math.max(hard.length - join.count + 1, 1) };
  }
}
