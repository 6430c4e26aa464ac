// Canonical text and fingerprints of Avro schemas. Two schemas with one canonical text decode and default alike, so the
// text's hash is what travels in a head. docs/contracts.md defines both for writers of other clients, with test vectors.

import { HeddleError } from '../../runtime/errors.ts';
import { createHash } from '../../runtime/lean-crypto.ts';
import { type AvroNode, avroKinds, schemaDepthMax } from './avro-schema.ts';

/** 64 bits as two unsigned 32-bit halves. */
export interface Fingerprint {
  readonly high: number;
  readonly low: number;
}

/**
 * Avro's Parsing Canonical Form with two attributes more, since both change what a reader makes of a body: `default`
 * (as RFC 8785 writes it) and `aliases`, in this order behind Avro's own.
 */
export function canonicalAvro(node: AvroNode): string {
  return write(node, new Set());
}

/** The text that stands for a method: both schemas as one JSON array. */
export function canonicalPair(request: AvroNode, response: AvroNode): string {
  return `[${canonicalAvro(request)},${canonicalAvro(response)}]`;
}

/** The first 8 bytes of the text's SHA-256, big-endian: no stranger can craft a schema that passes for another. */
export function fingerprintOf(canonicalText: string): Fingerprint {
  const hash = createHash('sha256').update(canonicalText, 'utf8').digest();
  const high = hash.readUInt32BE(0);
  const low = hash.readUInt32BE(4);
  // 0,0 says "none" in a head.
  return high === 0 && low === 0 ? { high: 0, low: 1 } : { high, low };
}

function write(node: AvroNode, named: Set<string>): string {
  if (node.kind === avroKinds.union) return `[${node.branches.map((branch) => write(branch, named)).join(',')}]`;
  if (node.kind === avroKinds.array) return `{"type":"array","items":${write(node.items!, named)}}`;
  if (node.kind === avroKinds.map) return `{"type":"map","values":${write(node.items!, named)}}`;
  if (node.name === '') return `"${node.typeName}"`;
  if (named.has(node.name)) return `"${node.name}"`;
  named.add(node.name);
  const head = `{"name":"${node.name}","type":"${node.typeName}"`;
  return `${head}${ownAttributes(node, named)}${aliasAttribute(node.aliases)}}`;
}

function ownAttributes(node: AvroNode, named: Set<string>): string {
  if (node.kind === avroKinds.fixed) return `,"size":${node.size}`;
  if (node.kind === avroKinds.enum) {
    const fallback = node.defaultSymbol === undefined ? '' : `,"default":"${node.defaultSymbol}"`;
    return `,"symbols":${JSON.stringify(node.symbols)}${fallback}`;
  }
  const fields = node.fields.map((field) => {
    const head = `{"name":"${field.name}","type":${write(field.node, named)}`;
    const fallback = field.defaultJson === undefined ? '' : `,"default":${canonicalJson(field.defaultJson, 0)}`;
    return `${head}${fallback}${aliasAttribute(field.aliases)}}`;
  });
  return `,"fields":[${fields.join(',')}]`;
}

function aliasAttribute(aliases: readonly string[]): string {
  return aliases.length === 0 ? '' : `,"aliases":${JSON.stringify(aliases)}`;
}

/** RFC 8785: no white space, keys in order of their UTF-16 units, numbers and strings as JSON.stringify writes them. */
function canonicalJson(value: unknown, depth: number): string {
  if (depth > schemaDepthMax) {
    throw new HeddleError('INVALID_ARGUMENT', `Avro schema: a default is nested deeper than ${schemaDepthMax} levels`);
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`;
  if (typeof value === 'bigint') {
    throw new HeddleError('INVALID_ARGUMENT', `Avro schema: the default ${value}n must be written as a JSON number`);
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const values = value as { readonly [key: string]: unknown };
  const entries = Object.keys(values).sort();
  return `{${entries.map((key) => `${JSON.stringify(key)}:${canonicalJson(values[key], depth + 1)}`).join(',')}}`;
}
