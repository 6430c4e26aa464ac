// Shapes: whether what is given fits what is taken, as far as is known of both. Optimistic like all types of expressions:
// only what fits in no case is refused.

import type { Data } from '../definition.ts';
import {
  anyType,
  booleanType,
  canBe,
  formatType,
  itemOf,
  listOf,
  membersOf,
  nullType,
  numberType,
  overlap,
  recordOf,
  stringType,
  type Type,
  unionOf,
} from '../expression/types.ts';

/** Longest type that a sentence shows, UTF-16 units. */
const typeCharsMax = 100;
/** Items of a list of data that its type is made of. */
const itemsMax = 100;

/** A type within a sentence: `a number`, `list<string>`. */
export function typeText(type: Type): string {
  const text = formatType(type);
  if (type.kind === 'null') return 'null';
  if (/^(?:[a-z]+|(?:list|map)<.*>)$/.test(text) && text.length < typeCharsMax) return `a ${text}`;
  return text.length > typeCharsMax ? `${text.slice(0, typeCharsMax - 1)}…` : text;
}

/** Parts of a type that is kept: types of values made of values made of values grow without end. */
const typePartsMax = 2000;

/** The type, or any where it is too large to be looked into. */
export function bounded(type: Type): Type {
  let parts = 0;
  const isWithin = (part: Type): boolean => {
    if (++parts > typePartsMax) return false;
    switch (part.kind) {
      case 'list':
        return isWithin(part.item);
      case 'map':
        return isWithin(part.value);
      case 'record':
        return Object.values(part.fields).every(isWithin);
      case 'union':
        return part.members.every(isWithin);
      default:
        return true;
    }
  };
  return isWithin(type) ? type : anyType;
}

/** Where a value does not fit: the fields that lead there, and what is wrong with it, as the end of a sentence. */
export interface Misfit {
  readonly fields: readonly string[];
  readonly wrong: string;
}

/** Why no value of `given` is one that `taken` takes; undefined: some are. Fields that nobody takes are no harm. */
export function misfit(given: Type, taken: Type, fields: readonly string[] = []): Misfit | undefined {
  if (!overlap(given, taken)) return { fields, wrong: `must be ${typeText(taken)}, this is ${typeText(given)}` };
  const record = onlyRecord(taken);
  if (record !== undefined && given.kind === 'record') {
    for (const [name, shape] of Object.entries(record)) {
      if (!Object.hasOwn(given.fields, name)) {
        if (isNeeded(shape)) return { fields, wrong: `lacks "${name}", ${typeText(shape)}` };
        continue;
      }
      const found = misfit(given.fields[name]!, shape, [...fields, name]);
      if (found !== undefined) return found;
    }
  }
  if (given.kind === 'list' && taken.kind === 'list') return misfit(given.item, taken.item, [...fields, '[]']);
  if (given.kind === 'record' && taken.kind === 'map') {
    for (const [name, type] of Object.entries(given.fields)) {
      const found = misfit(type, taken.value, [...fields, name]);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The same for a value of JSON, with the items of lists by their numbers. */
export function dataMisfit(data: Data, taken: Type, fields: readonly string[] = []): Misfit | undefined {
  const members = membersOf(taken).filter(({ kind }) => kind !== 'null');
  const [only] = members.length === 1 ? members : [];
  if (Array.isArray(data) && only?.kind === 'list') {
    for (const [index, item] of (data as readonly Data[]).entries()) {
      const found = dataMisfit(item, only.item, [...fields, `[${index}]`]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const record = onlyRecord(taken);
  if (typeof data === 'object' && data !== null && !Array.isArray(data) && record !== undefined) {
    for (const [name, shape] of Object.entries(record)) {
      const value = Object.hasOwn(data, name) ? (data as Readonly<Record<string, Data>>)[name] : undefined;
      if (value === undefined && isNeeded(shape)) return { fields, wrong: `lacks "${name}", ${typeText(shape)}` };
      const found = value === undefined ? undefined : dataMisfit(value, shape, [...fields, name]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return misfit(typeOfData(data), taken, fields);
}

/** `items[0].id`. */
export function fieldPath(fields: readonly string[]): string {
  return fields.join('.').replaceAll('.[', '[');
}

/** The fields of a record, or of the one record among what a union takes beside null. */
export function onlyRecord(type: Type): Readonly<Record<string, Type>> | undefined {
  const members = membersOf(type).filter(({ kind }) => kind !== 'null');
  const [only] = members;
  return members.length === 1 && only?.kind === 'record' ? only.fields : undefined;
}

/** Whether a field of this shape must be given. */
export function isNeeded(shape: Type): boolean {
  return !canBe(shape, 'null');
}

export function itemShape(type: Type): Type {
  return canBe(type, 'list') ? itemOf(type) : anyType;
}

/** The type of a value of JSON, field by field. */
export function typeOfData(data: Data): Type {
  if (data === null) return nullType;
  if (typeof data === 'string') return stringType;
  if (typeof data === 'number') return numberType;
  if (typeof data === 'boolean') return booleanType;
  if (Array.isArray(data)) return listOf(unionOf((data as readonly Data[]).slice(0, itemsMax).map(typeOfData)));
  return recordOf(Object.fromEntries(Object.entries(data).map(([name, value]) => [name, typeOfData(value)])));
}

/** The type of a parameter: that of its default; null: any. What a list or a map holds, variants may change. */
export function typeOfParameter(value: Data): Type {
  if (value === null) return anyType;
  if (Array.isArray(value)) return listOf(anyType);
  return typeof value === 'object' ? { kind: 'map', value: anyType } : typeOfData(value);
}
