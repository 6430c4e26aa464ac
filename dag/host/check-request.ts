// RequestCheck: a request against the shape that its strategy declares, before any node runs: what does not fit is told as
// a mistake of whoever asks. Made once for each strategy that a thread loads. A request that fits costs one walk that
// allocates nothing; only one that does not is walked again, for the sentence.

import { HeddleError } from '../../runtime/errors.ts';
import type { ValueShape } from '../../runtime/value-shape.ts';
import { formatType } from '../expression/types.ts';

type Fits = (value: unknown) => boolean;

export class RequestCheck {
  readonly fits: Fits;
  readonly #shape: ValueShape;

  /** Fields that are not declared may be there; what lacks is as good as null. */
  constructor(shape: ValueShape) {
    this.#shape = shape;
    this.fits = compile(shape);
  }

  /** Names the first part that does not fit, with its path from `request`; of a request that does not fit. */
  problemOf(request: unknown): string {
    return mismatch(this.#shape, request, 'request') ?? 'request fits';
  }
}

/** Throws INVALID_ARGUMENT naming the first part that does not fit. */
export function checkRequest(strategy: string, shape: ValueShape, request: unknown): void {
  const wrong = mismatch(shape, request, 'request');
  if (wrong !== undefined) throw new HeddleError('INVALID_ARGUMENT', `${strategy}: ${wrong}`, { retry: 'no' });
}

function compile(shape: ValueShape): Fits {
  switch (shape.kind) {
    case 'any':
      return () => true;
    case 'null':
      return (value) => value === null || value === undefined;
    case 'list':
      return compileList(compile(shape.item));
    case 'map':
      return compileMap(compile(shape.value));
    case 'record':
      return compileRecord(Object.keys(shape.fields), Object.values(shape.fields).map(compile));
    case 'union':
      return compileUnion(shape.members.map(compile));
    case 'number':
      return (value) => typeof value === 'number';
    case 'string':
      return (value) => typeof value === 'string';
    case 'boolean':
      return (value) => typeof value === 'boolean';
  }
}

function compileList(fits: Fits): Fits {
  return (value) => {
    if (!Array.isArray(value)) return false;
    for (let index = 0; index < value.length; index++) if (!fits(value[index])) return false;
    return true;
  };
}

function compileMap(fits: Fits): Fits {
  return (value) => {
    if (!isMap(value)) return false;
    for (const name in value) if (Object.hasOwn(value, name) && !fits(value[name])) return false;
    return true;
  };
}

function compileRecord(names: readonly string[], fields: readonly Fits[]): Fits {
  return (value) => {
    if (!isMap(value)) return false;
    for (let at = 0; at < names.length; at++) {
      const name = names[at]!;
      if (!fields[at]!(Object.hasOwn(value, name) ? value[name] : undefined)) return false;
    }
    return true;
  };
}

function compileUnion(members: readonly Fits[]): Fits {
  return (value) => {
    for (let at = 0; at < members.length; at++) if (members[at]!(value)) return true;
    return false;
  };
}

/** A sentence; undefined: it fits. Each part of the value is looked at once by each part of the shape that it may be. */
function mismatch(shape: ValueShape, value: unknown, path: string): string | undefined {
  switch (shape.kind) {
    case 'any':
      return undefined;
    case 'union': {
      let wrong: string | undefined;
      for (const member of shape.members) {
        if (!isAlike(member, value)) continue;
        const misfit = mismatch(member, value, path);
        if (misfit === undefined) return undefined;
        // A wrong part says more than that the whole fits none of the kinds.
        wrong ??= misfit;
      }
      return wrong ?? unfit(shape, value, path);
    }
    case 'list': {
      if (!Array.isArray(value)) return unfit(shape, value, path);
      for (const [index, item] of value.entries()) {
        const wrong = mismatch(shape.item, item, `${path}[${index}]`);
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    }
    case 'map':
    case 'record': {
      if (!isMap(value)) return unfit(shape, value, path);
      for (const name of Object.keys(shape.kind === 'map' ? value : shape.fields)) {
        const field = shape.kind === 'map' ? shape.value : shape.fields[name]!;
        const wrong = mismatch(field, Object.hasOwn(value, name) ? value[name] : undefined, `${path}.${name}`);
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    }
    default:
      return kindOf(value) === shape.kind ? undefined : unfit(shape, value, path);
  }
}

/** Whether it may be of that shape, as far as its outermost kind says. */
function isAlike({ kind }: ValueShape, value: unknown): boolean {
  if (kind === 'any' || kind === 'union') return true;
  return kindOf(value) === (kind === 'map' ? 'record' : kind);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unfit(shape: ValueShape, value: unknown, path: string): string {
  if (value === undefined) return `${path} is missing; it must be ${formatType(shape)}`;
  return `${path} must be ${formatType(shape)}, not ${kindOf(value)}`;
}

/** What lacks is as good as null, as it is in expressions that read it optionally. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' ? 'record' : typeof value;
}
