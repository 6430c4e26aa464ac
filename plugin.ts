// `heddle/plugin`: what authors of plugins import: definePlugin, and for each extension point the shapes that go through
// it. Plain data, errors and types: nothing of a server is loaded with it, so a package of plugins may depend on it alone.

export {
  type CallCarrier,
  type CallHead,
  type CallReply,
  type CallSender,
  type CodecName,
  callFlags,
  codecIds,
  emptyCallHead,
  emptyCallReply,
  noBytes,
  type Priority,
  priorities,
  type ReplySink,
} from './runtime/call.ts';
export type { Clock } from './runtime/clock.ts';
export {
  codeNumber,
  codeOfNumber,
  type ErrorCode,
  errorCodes,
  HeddleError,
  type HeddleErrorOptions,
  type RetryHint,
} from './runtime/errors.ts';
export type { Logger } from './runtime/logger.ts';
export { decodeMetadata, encodeMetadata, metadataMaxBytes } from './runtime/metadata.ts';
export type { HistogramSample, MetricSample, ValueSample } from './runtime/metrics/metric-reader.ts';
export {
  definePlugin,
  type Plugin,
  type PluginDefinition,
  type PluginDispose,
  type PluginHost,
  type PluginInstalled,
  type ThreadKind,
} from './runtime/plugin.ts';
export type { AdminCall, AdminCommand, AdminCommandPoint } from './runtime/plugins/admin-command.ts';
export {
  type CodecDefinition,
  type CodecPoint,
  pluginCodecIdMax,
  pluginCodecIdMin,
} from './runtime/plugins/codec.ts';
export type { CompressorDefinition, CompressorPoint } from './runtime/plugins/compressor.ts';
export type { ConfigSourceDefinition, ConfigSourcePoint, SourceSettings } from './runtime/plugins/config-source.ts';
export type {
  ClientCall,
  ClientFilter,
  FilterDefinition,
  FilterPoint,
  Next,
  ServerCall,
  ServerFilter,
} from './runtime/plugins/filter.ts';
export type {
  EndedCall,
  LimitedCall,
  LimiterDefinition,
  LimiterPoint,
  LimiterRefusal,
} from './runtime/plugins/limiter.ts';
export type {
  DirectLogSinkDefinition,
  LogBatch,
  LogSinkCall,
  LogSinkDefinition,
  LogSinkEnd,
  LogSinkPoint,
} from './runtime/plugins/log-sink.ts';
export type { MetricSinkCall, MetricSinkDefinition, MetricSinkPoint } from './runtime/plugins/metric-sink.ts';
export type {
  NamedAddress,
  NamingDefinition,
  NamingListener,
  NamingPoint,
  NamingTarget,
} from './runtime/plugins/naming.ts';
export type {
  Dispatcher,
  Protocol,
  ProtocolConnection,
  ProtocolDefinition,
  ProtocolHost,
  ProtocolMethod,
  ProtocolPoint,
} from './runtime/plugins/protocol.ts';
export type { Span, TracerDefinition, TracerPoint } from './runtime/plugins/tracer.ts';
export type { BindingSettings, PluginOptions } from './runtime/settings.ts';
export type { TimerTarget, TimerWheel } from './runtime/timer-wheel.ts';
