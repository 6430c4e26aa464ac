// checkStrategies: everything that can be wrong in strategies beyond their schema, all at once. Called by whoever reads
// files or takes strategy() before anything of them is published; main thread and tools only.

import type { ProblemList } from '../../document/problem.ts';
import { nearest } from '../../runtime/nearest.ts';
import type { ReadStrategy } from '../file/read-strategy.ts';
import { checkAbsence } from './check-absence.ts';
import { checkBudgets } from './check-budgets.ts';
import { checkCycles, checkStrategyCycles } from './check-cycles.ts';
import { checkDegrade } from './check-degrade.ts';
import { checkExperiments } from './check-experiments.ts';
import { checkFallbacks } from './check-fallbacks.ts';
import { checkForeach, checkNestedForeach } from './check-foreach.ts';
import { checkInlineTests } from './check-inline-tests.ts';
import { checkJoins } from './check-joins.ts';
import { checkNames } from './check-names.ts';
import { checkPolicies } from './check-policies.ts';
import { checkReach } from './check-reach.ts';
import { checkTypesOf } from './check-types.ts';
import type { Known } from './known.ts';
import { StrategyTypes } from './strategy-types.ts';
import { Subject } from './subject.ts';

/**
 * Adds every mistake of `strategies` to `problems`, each at its place. They are one set: strategies that name each other
 * are all among them. Mistakes of syntax and schema are the reader's to tell. Never throws.
 */
export function checkStrategies(strategies: readonly ReadStrategy[], known: Known, problems: ProblemList): void {
  const broken = new Set(problems.sorted().map(({ file }) => file));
  const subjects = strategies.map((read) => {
    return new Subject(read, problems, broken.has(read.places.of('strategy').source.name));
  });
  const byName = new Map<string, Subject>();
  for (const subject of subjects) {
    const { name } = subject.definition;
    const first = byName.get(name);
    if (name === '') continue;
    if (first === undefined) byName.set(name, subject);
    else tellSameName(first, subject);
  }
  const types = new Map<string, StrategyTypes>();
  for (const [name, subject] of byName) types.set(name, new StrategyTypes(subject, known, types));
  for (const subject of subjects) {
    // Its nodes could not be read, as behind `node:`; every name in it would be wrong.
    if (subject.names.length === 0) continue;
    checkNames(subject);
    checkStrategyNames(subject, byName);
    checkCycles(subject);
    checkReach(subject);
    checkJoins(subject);
    const own = byName.get(subject.definition.name) === subject ? types.get(subject.definition.name) : undefined;
    const typesOf = own ?? new StrategyTypes(subject, known, types);
    checkTypesOf(subject, typesOf);
    checkAbsence(subject);
    checkBudgets(subject);
    checkPolicies(subject, known, typesOf);
    checkFallbacks(subject);
    checkForeach(subject);
    checkExperiments(subject, known);
    checkDegrade(subject);
    checkInlineTests(subject, typesOf);
  }
  checkStrategyCycles(byName);
  checkNestedForeach(byName);
}

function tellSameName(first: Subject, second: Subject): void {
  const { source, start } = first.report.places.of('strategy');
  const { name } = second.definition;
  second.report.add('strategy', `there are two strategies named ${name}; the other stands at ${source.origin(start)}`);
}

function checkStrategyNames(subject: Subject, all: ReadonlyMap<string, Subject>): void {
  for (const { name, work } of subject.definition.nodes) {
    if (work.kind !== 'strategy' || work.strategy === '' || all.has(work.strategy)) continue;
    const suggestion = nearest(work.strategy, all.keys());
    const hints = suggestion === undefined ? { allowed: [...all.keys()] } : { suggestion };
    subject.report.add(`nodes.${name}.strategy`, `there is no strategy "${work.strategy}"`, hints);
  }
}
