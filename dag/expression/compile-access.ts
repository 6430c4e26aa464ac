// Code of names, fields and indexes, strict and optional. Only own properties are read, so `constructor`, `__proto__`
// and the methods of a decoder's records do not exist here.

import { nearest } from '../../runtime/nearest.ts';
import type { Field, Has, HasValue, Index, Name, Node, OrValue } from './ast.ts';
import { isOptional, partOf } from './ast.ts';
import { type Code, type Context, type Run, siteOf } from './code.ts';
import { failAt, failField, type Site, textOf } from './evaluation-error.ts';
import { describe, isMap } from './values.ts';
import { readWhole } from './whole-reads.ts';

export function compileName(node: Name, context: Context): Run {
  const site = siteOf(context, node);
  const run = readName(node, context);
  return (values) => {
    const value = run(values);
    return value === undefined ? failAt(site, 'INVALID_ARGUMENT', `${node.name} has no value here`) : value;
  };
}

/** Undefined where nothing is in the slot. */
function readName(node: Name, context: Context): Run {
  const found = context.find(node.name);
  if (found === undefined) {
    const near = nearest(node.name, context.names());
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    return failAt(siteOf(context, node), 'INVALID_ARGUMENT', `there is no variable ${node.name}${hint}`);
  }
  if ('local' in found) {
    const { locals } = context;
    const { local } = found;
    return () => locals[local];
  }
  if ('parts' in found) return failAt(siteOf(context, node), 'INVALID_ARGUMENT', readWhole(node.name));
  const { slot } = found;
  return (values) => values[slot];
}

/** Code of an access to a variable that is read part by part: undefined where the part has no value. Undefined: it is none. */
function readPart(node: Field | Index, context: Context): Run | undefined {
  const name = partOf(node);
  if (name === undefined || node.target.kind !== 'name') return undefined;
  const found = context.find(node.target.name);
  if (found === undefined || !('parts' in found)) return undefined;
  const site = siteOf(context, node);
  return found.parts.get(name) ?? failField(site, node.target.name, Object.fromEntries(found.parts), name);
}

/** As code that needs a value. */
function compilePart(node: Field | Index, context: Context): Run | undefined {
  const run = readPart(node, context);
  if (run === undefined) return undefined;
  const site = siteOf(context, node);
  return (values) => {
    const value = run(values);
    return value === undefined ? failAt(site, 'INVALID_ARGUMENT', `${textOf(site)} has no value here`) : value;
  };
}

export function compileField(node: Field, context: Context): Run {
  const part = compilePart(node, context);
  if (part !== undefined) return part;
  const { name } = node;
  const target = context.compile(node.target).run;
  const site = accessOf(context, node);
  return (values) => {
    const map = target(values);
    if (typeof map === 'object' && map !== null && !Array.isArray(map) && Object.hasOwn(map, name)) {
      const value = (map as Record<string, unknown>)[name];
      if (value !== undefined) return value;
    }
    return failAccess(map, name, site);
  };
}

export function compileIndex(node: Index, context: Context): Run {
  const part = compilePart(node, context);
  if (part !== undefined) return part;
  const target = context.compile(node.target).run;
  const index = context.compile(node.index).run;
  const site = accessOf(context, node);
  return (values) => {
    const from = target(values);
    const key = index(values);
    const value = elementOf(from, key, site);
    if (value !== undefined) return value;
    if (!Array.isArray(from)) return failAccess(from, key, site);
    const count = from.length === 0 ? 'is empty' : `has items 0 to ${from.length - 1}`;
    return failAt(
      site,
      'FAILED_PRECONDITION',
      `${site.path}[${key}]: the list ${count}; for what may lack: list[?${key}]`,
    );
  };
}

/** Code whose value is undefined where something lacks: of an optional chain, of what `has` asks for. */
export function compileAbsent(node: Node, context: Context): Run {
  if (node.kind === 'name') return nullAsAbsent(readName(node, context));
  if (node.kind !== 'field' && node.kind !== 'index') return context.compile(node).run;
  const part = readPart(node, context);
  if (part !== undefined) return nullAsAbsent(part);
  const passesAbsence = isOptional(node.target) || node.target.kind === 'name';
  const target = passesAbsence ? context.compileAbsent(node.target) : context.compile(node.target).run;
  const site = accessOf(context, node);
  const key = node.kind === 'field' ? constantly(node.name) : context.compile(node.index).run;
  return (values) => {
    const from = target(values);
    if (from === undefined || from === null) return undefined;
    return elementOf(from, key(values), site) ?? undefined;
  };
}

export function compileHas(node: Has | HasValue, context: Context): Run {
  const run = context.compileAbsent(node.kind === 'has' ? node.operand : node.target);
  return (values) => run(values) !== undefined;
}

export function compileOrValue(node: OrValue, context: Context): Run {
  const run = context.compileAbsent(node.target);
  const fallback: Code = context.compile(node.fallback);
  return (values) => {
    const value = run(values);
    return value === undefined ? fallback.run(values) : value;
  };
}

function nullAsAbsent(run: Run): Run {
  return (values) => run(values) ?? undefined;
}

function constantly(name: string): Run {
  return () => name;
}

/** The place of an access, and how what it goes into is written. */
interface AccessSite extends Site {
  readonly path: string;
}

function accessOf(context: Context, node: Field | Index): AccessSite {
  return { ...siteOf(context, node), path: textOf(siteOf(context, node.target)) };
}

/** Undefined where it lacks. */
function elementOf(from: unknown, key: unknown, site: AccessSite): unknown {
  if (Array.isArray(from)) {
    if (typeof key === 'string') return failAccess(from, key, site);
    if (Number.isInteger(key)) return (key as number) >= 0 ? from[key as number] : undefined;
    return failAt(site, 'INVALID_ARGUMENT', `the index of a list is a whole number, got ${describe(key)}`);
  }
  if (!isMap(from)) return failAccess(from, key, site);
  if (typeof key !== 'string') {
    failAt(site, 'INVALID_ARGUMENT', `the keys of a map are strings, got ${describe(key)}; string(x) makes one`);
  }
  return Object.hasOwn(from, key) ? from[key] : undefined;
}

function failAccess(from: unknown, key: unknown, site: AccessSite): never {
  if (isMap(from)) return failField(site, site.path, from, String(key));
  const name = JSON.stringify(key);
  if (Array.isArray(from)) {
    const hint = key === 'length' ? 'size(list) counts them' : 'list[0] and list.map(x, x.field) read them';
    failAt(site, 'INVALID_ARGUMENT', `${site.path} is a list, it has items and no field ${name}; ${hint}`);
  }
  failAt(site, 'INVALID_ARGUMENT', `${site.path} must be a map to have ${name}, got ${describe(from)}`);
}
