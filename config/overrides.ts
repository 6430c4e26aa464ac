// applyOverrides: what config sources say, the environment's HEDDLE_ variables, then the `--set` arguments, onto the tree of the file. A later
// one wins. The result is checked as if it had all been written in the file, with places that point to the override.

import { parseYaml } from '../document/parse-yaml.ts';
import { type Place, type ProblemList, Source } from '../document/problem.ts';
import { quote } from '../document/quote.ts';
import { asMap, type Entry, type MapTree, type Tree, withEntry } from '../document/tree.ts';
import type { MapType, ObjectType, Shape, Type } from '../document/types.ts';
import { nearest } from '../runtime/nearest.ts';
import type { SourceOverride } from '../runtime/plugins/config-source.ts';
import { environmentPrefix, type Override, parseSet, parseVariable, type Step } from './override-path.ts';
import { schema } from './schema.ts';

/** Overrides at most, of the environment and of `--set`; of config sources: each one walks the config. */
export const overridesMax = 1000;
export const sourceOverridesMax = 10_000;

/** What is laid over the file, from the weakest to the strongest. */
export interface Overrides {
  /** What config sources say. */
  sources: readonly SourceOverride[];
  environment: Readonly<Record<string, string | undefined>>;
  /** `--set` arguments. */
  overrides: readonly string[];
}

/** `root` with all overrides that could be placed; the others were reported. */
export function applyOverrides(
  root: MapTree,
  { sources, environment, overrides }: Overrides,
  problems: ProblemList,
): Tree {
  let tree: Tree = root;
  const all = [
    ...fromSources(sources, problems),
    ...fromEnvironment(environment, problems),
    ...fromArguments(overrides, problems),
  ];
  for (const override of all) {
    const known = problems.size;
    const value = parseYaml(override.source, problems, override.valueAt);
    if (problems.size > known) continue;
    const end = Math.max(override.source.text.length, override.valueAt + 1);
    const place = { source: override.source, start: override.valueAt, end };
    tree =
      new Placer(override, value ?? { kind: 'scalar', place, value: null }, problems).place(schema, tree, 0) ?? tree;
  }
  return tree;
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>, problems: ProblemList): Override[] {
  const found: Override[] = [];
  const variables = Object.keys(environment).filter((name) => name.startsWith(environmentPrefix));
  for (const variable of variables.toSorted().slice(0, overridesMax)) {
    const source = new Source('environment', 'environment', `${variable}=${environment[variable] ?? ''}`);
    const override = parseVariable(source, variable);
    if (override !== undefined) {
      found.push(override);
      continue;
    }
    // HEDDLE_LOG_LEVEL is a slip of HEDDLE_LOG__LEVEL; HEDDLE_HOME is somebody else's.
    const [section = '', ...rest] = variable.slice(environmentPrefix.length).split('_');
    if (rest.length === 0 || !Object.hasOwn(schema.keys, section.toLowerCase())) continue;
    const place = {
      source,
      start: environmentPrefix.length + section.length,
      end: environmentPrefix.length + section.length + 1,
    };
    problems.add(place, 'two underscores stand between the parts of a path', {
      suggestion: `${environmentPrefix}${section}__${rest.join('_')}`,
    });
  }
  return found;
}

function fromSources(overrides: readonly SourceOverride[], problems: ProblemList): Override[] {
  const named = overrides.map(({ source, text }) => new Source('argument', `config source ${source}`, text));
  return parseAll(named, sourceOverridesMax, problems);
}

function fromArguments(overrides: readonly string[], problems: ProblemList): Override[] {
  const named = overrides.map((text, index) => new Source('argument', `--set #${index + 1}`, text));
  return parseAll(named, overridesMax, problems);
}

function parseAll(sources: readonly Source[], max: number, problems: ProblemList): Override[] {
  const beyond = sources[max];
  if (beyond !== undefined) {
    const place = { source: beyond, start: 0, end: beyond.text.length };
    problems.add(place, `there are ${sources.length} overrides of this kind; at most ${max} are taken`);
  }
  const found = sources.slice(0, max).map((source) => parseSet(source, problems));
  return found.filter((override) => override !== undefined);
}

/** Walks schema and tree along the steps of one override. */
class Placer {
  readonly #override: Override;
  readonly #value: Tree;
  readonly #problems: ProblemList;

  constructor(override: Override, value: Tree, problems: ProblemList) {
    this.#override = override;
    this.#value = value;
    this.#problems = problems;
  }

  /** The tree with the value in it; undefined: it has no place, and that was reported. */
  place(type: Type, tree: Tree | undefined, index: number): Tree | undefined {
    const step = this.#override.steps[index];
    if (step === undefined) return this.#value;
    switch (type.kind) {
      case 'object':
        return this.#inObject(type, tree, index, step);
      case 'map':
        return this.#inMap(type, tree, index, step);
      case 'either':
        if (tree?.kind === 'map') return this.#inObject(type.long, tree, index, step);
        return this.#refuse(step, `${this.#above(index)} is no map here; set all of it: ${this.#above(index)}={ … }`);
      case 'list':
        return this.#refuse(step, `a list is set as a whole: ${this.#above(index)}=[…]`);
      default:
        return this.#refuse(step, `${this.#above(index)} is one value; it has no ${quote(step.text)}`);
    }
  }

  #inObject(type: ObjectType<Shape>, tree: Tree | undefined, index: number, step: Step): Tree | undefined {
    const known = Object.keys(type.keys);
    const name = known.find((key) => this.#same(key, step.text));
    if (name !== undefined) return this.#into(type.keys[name]!.type, tree, name, step.place, index + 1);
    const refused =
      type.refused !== undefined && Object.hasOwn(type.refused, step.text) ? type.refused[step.text] : undefined;
    if (refused !== undefined) return this.#refuse(step, `${step.text}: ${refused}`);
    return this.#refuse(step, `unknown key ${quote(step.text)}`, known);
  }

  #inMap(type: MapType<Type>, tree: Tree | undefined, index: number, step: Step): Tree | undefined {
    const existing = tree?.kind === 'map' ? [...tree.entries.keys()] : [];
    if (step.text === '*' && !step.whole) return this.#inAll(type, tree, index, step, existing);
    const known = [...new Set([...existing, ...(type.builtIn ?? [])])];
    // Names may contain dots (`services.demo.Greeter.timeout`), so the longest name that exists is taken.
    for (let end = this.#nameEnd(index); end > index; end--) {
      const steps = this.#override.steps.slice(index, end);
      const written = steps.map((part) => part.text).join('.');
      const name = known.find((key) => key === written) ?? this.#onlyMatch(known, written);
      const place = { ...step.place, end: steps.at(-1)!.place.end };
      if (name !== undefined) return this.#into(type.of, tree, name, place, end);
    }
    if (type.overridesCreate) {
      const name = this.#override.anyCase ? step.text.toLowerCase() : step.text;
      return this.#into(type.of, tree, name, step.place, index + 1);
    }
    const refused =
      type.refused !== undefined && Object.hasOwn(type.refused, step.text) ? type.refused[step.text] : undefined;
    if (refused !== undefined) return this.#refuse(step, refused);
    return this.#refuse(this.#likeliest(index, known), `no ${type.name} of this name is in the config`, known);
  }

  /** `services.*.timeout=1s`: the same in every entry that is there. */
  #inAll(type: MapType<Type>, tree: Tree | undefined, index: number, step: Step, names: string[]): Tree | undefined {
    if (names.length === 0) return this.#refuse(step, `* stands for every ${type.name}, and the config has none`);
    let result = tree;
    for (const name of names) {
      const next = this.#into(type.of, result, name, step.place, index + 1);
      if (next === undefined) return undefined;
      result = next;
    }
    return result;
  }

  #into(type: Type, tree: Tree | undefined, name: string, key: Place, index: number): Tree | undefined {
    const map = asMap(tree, key);
    // Something other than a map stands where one must be: the checker says so, this override changes nothing.
    if (map === undefined) return tree;
    const before = map.entries.get(name);
    const value = this.place(type, before?.value, index);
    if (value === undefined) return undefined;
    const entry: Entry = { key: before?.key ?? key, value };
    return withEntry(map, name, entry);
  }

  /** One past the last step that may belong to a name that begins at `index`. */
  #nameEnd(index: number): number {
    const { steps } = this.#override;
    let end = index + 1;
    if (steps[index]!.whole) return end;
    while (end < steps.length && !steps[end]!.whole) end++;
    return end;
  }

  #same(known: string, written: string): boolean {
    return known === written || (this.#override.anyCase && known.toLowerCase() === written.toLowerCase());
  }

  #onlyMatch(known: readonly string[], written: string): string | undefined {
    const matches = known.filter((key) => this.#same(key, written));
    return matches.length === 1 ? matches[0] : undefined;
  }

  /** The run of steps that looks most like a name that exists, for the caret and for "did you mean". */
  #likeliest(index: number, known: readonly string[]): Step {
    const { steps } = this.#override;
    for (let end = this.#nameEnd(index); end > index; end--) {
      const text = steps
        .slice(index, end)
        .map((part) => part.text)
        .join('.');
      const place = { ...steps[index]!.place, end: steps[end - 1]!.place.end };
      if (nearest(text, known) !== undefined) return { text, place, whole: true };
    }
    return steps[index]!;
  }

  #above(index: number): string {
    const start = this.#override.steps[0]!.place.start;
    return this.#override.source.text.slice(start, this.#override.steps[index - 1]!.place.end);
  }

  #refuse(step: Step, message: string, allowed?: string[]): undefined {
    const hints = allowed === undefined ? {} : { allowed, suggestion: nearest(step.text, allowed) };
    this.#problems.add(step.place, message, hints);
    return undefined;
  }
}
