// readStrategy: the text of a strategy file to its definition, or to everything that is wrong with how it is written.
// What it means (names, cycles, types, budgets) is checked behind it. Main thread, when strategies are loaded; a program's
// strategy() is read by the same code (read-program.ts).

import { check } from '../../document/check.ts';
import { isWithin } from '../../document/data.ts';
import { parseYaml } from '../../document/parse-yaml.ts';
import type { Place, ProblemList, Source } from '../../document/problem.ts';
import { asMap, type MapTree, type Tree } from '../../document/tree.ts';
import type { StrategyDefinition } from '../definition.ts';
import { readDegrade } from './parts/degrade.ts';
import { needOf, withEdges } from './parts/edges.ts';
import { readLayers } from './parts/layers.ts';
import { readNode } from './parts/node.ts';
import { type ProgramParts, type Reading, valuesOf } from './parts/reading.ts';
import { nullTemplate, readTemplate, variablesOfTemplate } from './parts/template.ts';
import { readTests } from './parts/tests.ts';
import { placesOf } from './place-tree.ts';
import { type Places, Reporter } from './places.ts';
import { readShape } from './read-shape.ts';
import { withNodesRenamed } from './renamed-nodes.ts';
import { type CheckedStrategy, reportParts, strategySchema } from './schema.ts';
import { explainUnquoted } from './unquoted.ts';

/** Values of one strategy, maps and lists included, aliases written out. */
export const strategyValuesMax = 200_000;

export interface ReadStrategy {
  readonly definition: StrategyDefinition;
  readonly places: Places;
}

export interface ReadStrategyOptions {
  /** The folder that paths of modules are relative to. Default: none; then no module is looked for. */
  readonly folder?: string;
  /** Whether the files of modules must be there. Default: true with a folder. */
  readonly checksModules?: boolean;
}

/**
 * What a file says; `source.name` is its origin. Undefined: it is no strategy at all, as with broken YAML. Else the
 * definition is as much as could be read, and of use only while `problems` got nothing. Never throws.
 */
export function readStrategy(
  source: Source,
  problems: ProblemList,
  options: ReadStrategyOptions = {},
): ReadStrategy | undefined {
  const before = problems.size;
  const tree = parseYaml(source, problems, 0, explainUnquoted);
  // With broken syntax half of the file would be missing, and everything else reported about it would be noise.
  if (problems.size > before) return undefined;
  return readTree(tree, { source, start: 0, end: 1 }, options, undefined, problems);
}

/** The same for what was read already. `top`: where things stand that are written nowhere. */
export function readTree(
  tree: Tree | undefined,
  top: Place,
  options: ReadStrategyOptions,
  program: ProgramParts | undefined,
  problems: ProblemList,
): ReadStrategy | undefined {
  const written = asMap(tree, top);
  if (written === undefined) {
    problems.add(tree?.place ?? top, 'a strategy is a map with the keys strategy, nodes and output, and others');
    return undefined;
  }
  if (!isWithin(written, 'the strategy', strategyValuesMax, problems)) return undefined;
  // What a program gave is kept by the names that it gave.
  const root = program === undefined ? withNodesRenamed(written, problems) : written;
  const places = placesOf(root, top);
  const checked = check(strategySchema, root, '', top, problems);
  const { folder } = options;
  const checksModules = options.checksModules ?? folder !== undefined;
  const reading = { report: new Reporter(places, problems), folder, checksModules, program };
  return { definition: definitionOf(checked, root, top.source.name, reading), places };
}

function definitionOf(checked: CheckedStrategy, root: MapTree, origin: string, reading: Reading): StrategyDefinition {
  const { report } = reading;
  const { budget, nodes, request } = checked;
  const names = [...nodes.keys()];
  const degrade = readDegrade(checked.degrade, reading);
  // Undefined where there is none, or it was refused; both were reported.
  const written = root.entries.has('output') ? checked.output : undefined;
  const output = written === undefined ? nullTemplate : readTemplate(written, 'output', report);
  const inOutput = new Set(variablesOfTemplate(output));
  return {
    name: checked.strategy.value ?? '',
    origin,
    description: checked.description?.value,
    request: request === undefined ? { kind: 'any' } : readShape(request, 'request', report),
    budget: {
      totalMs: budget.total.value === 0 ? Number.POSITIVE_INFINITY : budget.total.value,
      reserveMs: budget.reserve.value,
      retries: budget.retries.value ?? 0,
      hedges: budget.hedges.value ?? 0,
    },
    nodes: [...nodes].map(([name, { value }]) => {
      const needs = valuesOf(value.needs).map(needOf);
      return withEdges(readNode(name, value, checked.defaults, nodes, reading), needs, degrade.levels, names);
    }),
    output,
    outputNeeds: names.filter((name) => inOutput.has(name)),
    layers: readLayers(checked.layers, reading),
    degrade,
    report: reportParts.filter((part) => checked.report.some(({ value }) => value === part)),
    tests: readTests(checked.tests, reading),
  };
}
