// checkRequest: a request against the shape that its strategy declares, before any node runs: what does not fit is the
// caller's mistake, and is told as one.

import { HeddleError } from '../../runtime/errors.ts';
import type { ValueShape } from '../../runtime/value-shape.ts';
import { formatType } from '../expression/types.ts';

/** Throws INVALID_ARGUMENT naming the first part that does not fit. Fields that are not declared may be there. */
export function checkRequest(strategy: string, shape: ValueShape, request: unknown): void {
  const wrong = mismatch(shape, request, 'request');
  if (wrong !== undefined) throw new HeddleError('INVALID_ARGUMENT', `${strategy}: ${wrong}`, { retry: 'no' });
}

/** A sentence; undefined: it fits. */
function mismatch(shape: ValueShape, value: unknown, path: string): string | undefined {
  switch (shape.kind) {
    case 'any':
      return undefined;
    case 'union': {
      const misfits = shape.members.map((member) => mismatch(member, value, path));
      if (misfits.includes(undefined)) return undefined;
      const inner = shape.members.find(({ kind }) => kind === kindOf(value));
      // A wrong part says more than that the whole fits none of the kinds.
      return inner === undefined ? unfit(shape, value, path) : mismatch(inner, value, path);
    }
    case 'list': {
      if (!Array.isArray(value)) return unfit(shape, value, path);
      return firstOf(value.keys(), (index) => mismatch(shape.item, value[index], `${path}[${index}]`));
    }
    case 'map':
    case 'record': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return unfit(shape, value, path);
      const map = value as Readonly<Record<string, unknown>>;
      const names = shape.kind === 'map' ? Object.keys(map) : Object.keys(shape.fields);
      return firstOf(names, (name) => {
        const field = shape.kind === 'map' ? shape.value : shape.fields[name]!;
        return mismatch(field, Object.hasOwn(map, name) ? map[name] : undefined, `${path}.${name}`);
      });
    }
    default:
      return kindOf(value) === shape.kind ? undefined : unfit(shape, value, path);
  }
}

function firstOf<Key>(keys: Iterable<Key>, wrong: (key: Key) => string | undefined): string | undefined {
  for (const key of keys) {
    const found = wrong(key);
    if (found !== undefined) return found;
  }
  return undefined;
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
