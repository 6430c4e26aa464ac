// Types of expressions: what the checker knows of a value. They are optimistic: `any` fits everywhere, and a union is
// refused only where none of its members fits, since Avro's `["null", "long"]` is usually a long.

import type { ValueShape } from '../../runtime/value-shape.ts';

export type Type = ValueShape;

export type TypeKind = Exclude<Type['kind'], 'any' | 'union'>;

export const anyType: Type = { kind: 'any' };
export const numberType: Type = { kind: 'number' };
export const stringType: Type = { kind: 'string' };
export const booleanType: Type = { kind: 'boolean' };
export const nullType: Type = { kind: 'null' };

export function listOf(item: Type): Type {
  return { kind: 'list', item };
}

export function mapOf(value: Type): Type {
  return { kind: 'map', value };
}

export function recordOf(fields: Readonly<Record<string, Type>>): Type {
  return { kind: 'record', fields };
}

/** Flat and without repetitions; none: any; one: that one; with an `any` among them: any. */
export function unionOf(types: readonly Type[]): Type {
  const members = new Map<string, Type>();
  for (const type of types.flatMap(membersOf)) {
    if (type.kind === 'any') return anyType;
    members.set(formatType(type), type);
  }
  if (members.size <= 1) return members.values().next().value ?? anyType;
  return { kind: 'union', members: [...members.values()] };
}

export function membersOf(type: Type): readonly Type[] {
  return type.kind === 'union' ? type.members : [type];
}

/** Whether some value of the type is of one of these kinds. */
export function canBe(type: Type, ...kinds: TypeKind[]): boolean {
  return membersOf(type).some((member) => member.kind === 'any' || kinds.some((kind) => kind === member.kind));
}

/** Whether some value is of both types, as far as their outermost kinds say. */
export function overlap(left: Type, right: Type): boolean {
  return membersOf(left).some((one) => membersOf(right).some((other) => isAlike(one, other)));
}

function isAlike(one: Type, other: Type): boolean {
  if (one.kind === 'any' || other.kind === 'any') return true;
  const kindOf = (type: Type) => (type.kind === 'record' ? 'map' : type.kind);
  return kindOf(one) === kindOf(other);
}

/** What a list holds, or the keys of a map. */
export function itemOf(type: Type): Type {
  const items = membersOf(type).map((member) => {
    if (member.kind === 'list') return member.item;
    return member.kind === 'map' || member.kind === 'record' ? stringType : undefined;
  });
  return unionOf(items.filter((item) => item !== undefined));
}

/** `list<number>`, `{ id: string, age: number | null }`. */
export function formatType(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list<${formatType(type.item)}>`;
    case 'map':
      return `map<${formatType(type.value)}>`;
    case 'record':
      return `{ ${Object.entries(type.fields)
        .map(([name, field]) => `${name}: ${formatType(field)}`)
        .join(', ')} }`;
    case 'union':
      return type.members.map(formatType).join(' | ');
    default:
      return type.kind;
  }
}
