// The codecs that come with Heddle, as entries of the extension point `codec`. Their ids and content-types are in the one
// list of a thread; how their bodies are read and written is for the contract of each method (avro(), json(), bytes(),
// flatbuffers()). In a process plugins/codecs.ts adds them, for a stand-alone client its host does.

import { codecIds } from '../../runtime/call.ts';
import { type CodecDefinition, codecs } from '../../runtime/plugins/codec.ts';

export const builtInCodecs: readonly CodecDefinition[] = [
  { name: 'bytes', id: codecIds.bytes, contentType: 'application/octet-stream' },
  { name: 'json', id: codecIds.json, contentType: 'application/json' },
  { name: 'avro', id: codecIds.avro, contentType: 'avro/binary' },
  { name: 'flatbuffers', id: codecIds.flatbuffers, contentType: 'application/x-flatbuffers' },
];

/** For threads without plugins. Idempotent. */
export function addBuiltInCodecs(): void {
  for (const definition of builtInCodecs) codecs.add('heddle.codecs', definition);
}

/**
 * Adds a codec to this thread: what `host.codec` does in a plugin, for a program that calls by `connect` without a Heddle
 * process around it. Throws INVALID_ARGUMENT for a wrong definition, ALREADY_EXISTS for a name, id or content-type that
 * is taken.
 */
export function registerCodec(definition: CodecDefinition): void {
  addBuiltInCodecs();
  codecs.add('registerCodec', definition);
}
