// ShapeWalk: what the walks from a schema to a ValueShape share: types that hold themselves end in `any`, and so does what
// is past the bound. Used on whatever thread asks a codec for its shapes, once per codec.

import type { ValueShape } from '../../runtime/value-shape.ts';

/** Parts of one shape: a few types that each use the next one twice would make any number of them. Past it, parts are `any`. */
export const shapePartsMax = 4096;

export const anyShape: ValueShape = { kind: 'any' };
export const nullShape: ValueShape = { kind: 'null' };

export class ShapeWalk<Type extends object> {
  readonly #within = new Set<Type>();
  #parts = 0;

  /** The shape that `make` finds for the type, or `any` where the walk must not go on. */
  at(type: Type, make: () => ValueShape): ValueShape {
    if (this.#within.has(type) || ++this.#parts > shapePartsMax) return anyShape;
    this.#within.add(type);
    try {
      return make();
    } finally {
      this.#within.delete(type);
    }
  }
}

/** Flat, each plain kind once; with an `any` among them, or without members: any. */
export function unionShape(shapes: readonly ValueShape[]): ValueShape {
  const members: ValueShape[] = [];
  for (const shape of shapes.flatMap((one) => (one.kind === 'union' ? one.members : [one]))) {
    if (shape.kind === 'any') return anyShape;
    if (!isPlain(shape) || !members.some(({ kind }) => kind === shape.kind)) members.push(shape);
  }
  if (members.length <= 1) return members[0] ?? anyShape;
  return { kind: 'union', members };
}

/** What may be missing: missing and null read alike in expressions. */
export function optionalShape(shape: ValueShape): ValueShape {
  return unionShape([shape, nullShape]);
}

function isPlain({ kind }: ValueShape): boolean {
  return kind === 'number' || kind === 'string' || kind === 'boolean' || kind === 'null';
}
