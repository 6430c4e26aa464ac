// sampleOf: some value of a shape, for nodes of which no value is known: the plainest that fits.

import type { ValueShape } from '../../runtime/value-shape.ts';
import type { Data } from '../definition.ts';

/** Shapes within each other that are filled; deeper ones are null. */
const depthMax = 16;

/** 0, '', false, a list of one item, a map without entries, a record with all its fields. */
export function sampleOf(shape: ValueShape, depth = 0): Data {
  if (depth > depthMax) return null;
  switch (shape.kind) {
    case 'any':
    case 'null':
      return null;
    case 'number':
      return 0;
    case 'string':
      return '';
    case 'boolean':
      return false;
    case 'list':
      return [sampleOf(shape.item, depth + 1)];
    case 'map':
      return {};
    case 'record':
      return Object.fromEntries(
        Object.entries(shape.fields).map(([name, field]) => [name, sampleOf(field, depth + 1)] as const),
      );
    case 'union':
      return sampleOf(shape.members.find(({ kind }) => kind !== 'null') ?? { kind: 'null' }, depth + 1);
  }
}
