// `heddle/client`: the public API of a process that only calls services: the stand-alone client, contracts and their
// codecs. Nothing of a server is loaded with it, no thread is started. All of it is in 'heddle' too, the same objects.

export {
  type Client,
  type ClientCallOptions,
  type ClientMethod,
  type ClientMethods,
  type ConnectOptions,
  connect,
} from './net/client/connect.ts';
export { avro } from './net/codec/avro-codec.ts';
export { registerCodec } from './net/codec/built-in-codecs.ts';
export { bytes } from './net/codec/bytes-codec.ts';
export {
  type FinishedBuilder,
  type FlatbuffersClass,
  type FlatbuffersIn,
  type FlatbuffersTable,
  flatbuffers,
} from './net/codec/flatbuffers-codec.ts';
export { json } from './net/codec/json-codec.ts';
export { gzip } from './net/compression/gzip.ts';
export { zstd } from './net/compression/zstd.ts';
export { type Contract, type MethodOptions, method, service } from './net/service/contract.ts';
export type { BuiltInCodec, CodecName, Priority } from './runtime/call.ts';
export { type ErrorCode, errorCodes, HeddleError, type RetryHint } from './runtime/errors.ts';
export type { Logger } from './runtime/logger.ts';
export type { CodecDefinition } from './runtime/plugins/codec.ts';
export type { CompressorDefinition } from './runtime/plugins/compressor.ts';
export type { ClientCall, ClientFilter, Next } from './runtime/plugins/filter.ts';
export type { NamedAddress, NamingDefinition, NamingListener, NamingTarget } from './runtime/plugins/naming.ts';
