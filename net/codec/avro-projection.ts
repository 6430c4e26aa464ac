// Projection: how values of one schema become values of another, by Avro's rules of schema resolution. One mechanism
// serves both ways: a request in the caller's schema becomes one in ours, and our reply becomes one in the caller's.
// Compiled once per pair of schemas; parts that are equal are passed through as they are.

import { HeddleError } from '../../runtime/errors.ts';
import { canonicalAvro } from './avro-canonical.ts';
import { branchOfValue } from './avro-json.ts';
import { type AvroField, type AvroNode, avroKinds, describeType } from './avro-schema.ts';
import { shown } from './body-fault.ts';

export type Projection = (value: unknown) => unknown;

/** Who writes and who reads, for the sentence of an error. */
export interface ProjectionSides {
  /** Where the path begins: `request` or `response`. */
  readonly root: string;
  /** `the caller` or `this service`. */
  readonly writer: string;
  readonly reader: string;
}

/**
 * Compiles the way from `from` to `to`. Beyond Avro's rules, aliases of either side count, so that an old reader takes
 * what a new writer has renamed. Strict as a compatibility check is: every branch and symbol of `from` must have a place
 * in `to`, so what passes here fails for no value. Throws FAILED_PRECONDITION naming the first place that has none.
 */
export function compileProjection(from: AvroNode, to: AvroNode, sides: ProjectionSides): Projection {
  return compile(from, to, sides.root, { sides, records: new Map() });
}

/** The projection that changes nothing. */
export const same: Projection = (value) => value;

interface Context {
  readonly sides: ProjectionSides;
  /** By the pair of record types: a record may hold itself. */
  readonly records: Map<AvroNode, Map<AvroNode, Projection>>;
}

type Values = { [key: string]: unknown };

function compile(from: AvroNode, to: AvroNode, at: string, context: Context): Projection {
  if (from.kind === avroKinds.union) return compileFromUnion(from, to, at, context);
  if (to.kind === avroKinds.union) return compile(from, readerBranch(from, to, at, context), at, context);
  if (from.kind !== to.kind) return promotion(from, to) ?? refuse(from, to, at, context);
  switch (from.kind) {
    case avroKinds.array:
      return overItems(compile(from.items!, to.items!, `${at}[]`, context));
    case avroKinds.map:
      return overValues(compile(from.items!, to.items!, `${at}{}`, context));
    case avroKinds.record:
      if (!namesMatch(from, to)) refuse(from, to, at, context);
      return compileRecord(from, to, at, context);
    case avroKinds.enum:
      if (!namesMatch(from, to)) refuse(from, to, at, context);
      return compileEnum(from, to, at, context);
    case avroKinds.fixed:
      if (!namesMatch(from, to) || from.size !== to.size) refuse(from, to, at, context);
      return same;
    default:
      return same;
  }
}

function promotion(from: AvroNode, to: AvroNode): Projection | undefined {
  const { int, long, float, double, string, bytes } = avroKinds;
  switch (to.kind) {
    case long:
      return from.kind === int ? same : undefined;
    case float:
      return from.kind === int ? same : from.kind === long ? Number : undefined;
    case double:
      return from.kind === int || from.kind === float ? same : from.kind === long ? Number : undefined;
    case string:
      return from.kind === bytes ? bytesToString : undefined;
    case bytes:
      return from.kind === string ? stringToBytes : undefined;
    default:
      return undefined;
  }
}

const bytesToString: Projection = (value) => Buffer.from(value as Uint8Array).toString('utf8');
const stringToBytes: Projection = (value) => Buffer.from(value as string, 'utf8');

function compileFromUnion(from: AvroNode, to: AvroNode, at: string, context: Context): Projection {
  const ways = new Map<AvroNode | undefined, Projection>();
  let changes = false;
  for (const branch of from.branches) {
    const way = compile(branch, to, at, context);
    ways.set(branch, way);
    if (way !== same) changes = true;
  }
  if (!changes) return same;
  return (value) => (ways.get(branchOfValue(from, value)) ?? same)(value);
}

/** Avro takes the first branch that fits; one of the same kind goes before one that only promotes. */
function readerBranch(from: AvroNode, to: AvroNode, at: string, context: Context): AvroNode {
  const alike = to.branches.find((branch) => branch.kind === from.kind);
  const found = alike ?? to.branches.find((branch) => promotion(from, branch) !== undefined);
  return found ?? refuse(from, to, at, context);
}

function compileRecord(from: AvroNode, to: AvroNode, at: string, context: Context): Projection {
  const known = context.records.get(from)?.get(to);
  if (known !== undefined) return known;
  if (canonicalAvro(from) === canonicalAvro(to)) return same;
  // Entered before its fields are compiled, for records that hold themselves.
  const steps: FieldStep[] = [];
  const project: Projection = (value) => projectRecord(value as Values, steps);
  const ofFrom = context.records.get(from) ?? new Map<AvroNode, Projection>();
  context.records.set(from, ofFrom.set(to, project));
  for (const field of to.fields) {
    const source = sourceField(from, field, at);
    const fieldAt = `${at}.${field.name}`;
    if (source !== undefined) {
      const way = compile(source.node, field.node, fieldAt, context);
      steps.push({ target: field, source, way });
    } else if (field.makeDefault !== undefined) {
      steps.push({ target: field, source: undefined, way: same });
    } else {
      const { writer, reader } = context.sides;
      throw incompatible(
        `${fieldAt}: ${reader} needs ${describeType(field.node)} without a default, ${writer} has no such field`,
      );
    }
  }
  return project;
}

interface FieldStep {
  readonly target: AvroField;
  readonly source: AvroField | undefined;
  readonly way: Projection;
}

function projectRecord(value: Values, steps: readonly FieldStep[]): Values {
  const record: Values = {};
  for (const { target, source, way } of steps) {
    if (source === undefined) {
      record[target.name] = target.makeDefault!();
      continue;
    }
    // A handler may leave out a field that has a default.
    const item = value[source.name] === undefined ? source.makeDefault?.() : value[source.name];
    record[target.name] = way(item);
  }
  return record;
}

/** The writer's field for a reader's: by name, by an alias of the reader's, by an alias of the writer's. */
function sourceField(from: AvroNode, field: AvroField, at: string): AvroField | undefined {
  const exact = from.fieldByName.get(field.name);
  if (exact !== undefined) return exact;
  const found = from.fields.filter((other) => field.aliases.includes(other.name) || other.aliases.includes(field.name));
  if (found.length <= 1) return found[0];
  throw incompatible(
    `${at}.${field.name}: the aliases fit ${found.map((other) => other.name).join(' and ')}; keep one`,
  );
}

function compileEnum(from: AvroNode, to: AvroNode, at: string, context: Context): Projection {
  const missing = from.symbols.filter((symbol) => !to.symbols.includes(symbol));
  if (missing.length === 0) return same;
  const fallback = to.defaultSymbol;
  if (fallback === undefined) {
    const { writer, reader } = context.sides;
    throw incompatible(
      `${at}: ${writer} may send ${shown(missing[0])} of ${describeType(from)}, which ${reader} neither knows nor has a default for`,
    );
  }
  const known = new Set(to.symbols);
  return (value) => (known.has(value as string) ? value : fallback);
}

function overItems(way: Projection): Projection {
  return way === same ? same : (value) => (value as unknown[]).map((item) => way(item));
}

function overValues(way: Projection): Projection {
  if (way === same) return same;
  return (value) => {
    const map: Values = {};
    for (const key of Object.keys(value as Values)) map[key] = way((value as Values)[key]);
    return map;
  };
}

/** By the name without its namespace, as Avro says, or by an alias of either side. */
function namesMatch(from: AvroNode, to: AvroNode): boolean {
  return (
    shortName(from.name) === shortName(to.name) || to.aliases.includes(from.name) || from.aliases.includes(to.name)
  );
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function refuse(from: AvroNode, to: AvroNode, at: string, context: Context): never {
  const { writer, reader } = context.sides;
  throw incompatible(`${at}: ${writer} writes ${describeType(from)}, ${reader} reads ${describeType(to)}`);
}

function incompatible(what: string): HeddleError {
  return new HeddleError('FAILED_PRECONDITION', what);
}
