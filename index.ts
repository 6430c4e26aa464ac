// The public API of Heddle: what a service, its contract and its callers import from 'heddle'.

export { formatProblems, readConfig } from './config/from-package.ts';
export type { Origins } from './config/origins.ts';
export type { ConfigResult, ReadConfigOptions } from './config/read-config.ts';
export type { StrategyOptions } from './dag/file/options.ts';
export type { AttemptTrace, NodeEnd, NodeTrace, RunTrace } from './dag/run/trace.ts';
export { type Strategy, strategy } from './dag/strategy.ts';
export { strategyMethod } from './dag/strategy-method.ts';
export type { Problem } from './document/problem.ts';
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
export type { JobFunction } from './net/jobs/job-processor.ts';
export type { CanaryVerdict, MethodReport, SideReport } from './net/server/canary.ts';
export type { ReloadReport, ReloadRequest, ReloadState, RolledPool } from './net/server/reload-report.ts';
export type { ReadSettings } from './net/server/reloader.ts';
export type { PoolRoll } from './net/server/roller.ts';
export { Server } from './net/server/server.ts';
export type { ListeningAddress, ServerOptions } from './net/server/server-options.ts';
export type { ServerStats } from './net/server/server-stats.ts';
export { type Contract, type MethodOptions, method, service } from './net/service/contract.ts';
export { type Handler, type Handlers, type Implementation, implement } from './net/service/implement.ts';
export type { BuiltInCodec, CodecName, Priority } from './runtime/call.ts';
export type { Clock } from './runtime/clock.ts';
export { type ErrorCode, errorCodes, HeddleError, type RetryHint } from './runtime/errors.ts';
export { Channel, type Received } from './runtime/fiber/channel.ts';
export { Condition } from './runtime/fiber/condition.ts';
export type {
  CallOptions,
  ChildFiber,
  Executor,
  FiberContext,
  FiberExit,
  FiberFunction,
  FiberLocal,
  FiberState,
  MethodRef,
  OffloadOptions,
  RunOptions,
  SpawnOptions,
  StrategyRef,
  Task,
  TraceContext,
} from './runtime/fiber/context.ts';
export { currentFiber } from './runtime/fiber/current-fiber.ts';
export { fiberLocal } from './runtime/fiber/fiber-local.ts';
export { Latch } from './runtime/fiber/latch.ts';
export { Mutex } from './runtime/fiber/mutex.ts';
export { RwLock } from './runtime/fiber/rw-lock.ts';
export { Semaphore } from './runtime/fiber/semaphore.ts';
export { task } from './runtime/fiber/task.ts';
export type { JobSchedule, JobSettings } from './runtime/jobs.ts';
export type { Logger } from './runtime/logger.ts';
export type { HistogramSample, MetricSample, ValueSample } from './runtime/metrics/metric-reader.ts';
export type { FiberMetrics, MetricLabels } from './runtime/metrics/metrics.ts';
export {
  definePlugin,
  type Plugin,
  type PluginDefinition,
  type PluginDispose,
  type PluginHost,
  type PluginInstalled,
  type ThreadKind,
} from './runtime/plugin.ts';
export type { AdminCall, AdminCommand } from './runtime/plugins/admin-command.ts';
export type { CodecDefinition } from './runtime/plugins/codec.ts';
export type { CompressorDefinition } from './runtime/plugins/compressor.ts';
export type {
  ClientCall,
  ClientFilter,
  FilterDefinition,
  Next,
  ServerCall,
  ServerFilter,
} from './runtime/plugins/filter.ts';
export type { EndedCall, LimitedCall, LimiterDefinition, LimiterRefusal } from './runtime/plugins/limiter.ts';
export type {
  DirectLogSinkDefinition,
  LogBatch,
  LogSinkCall,
  LogSinkDefinition,
  LogSinkEnd,
} from './runtime/plugins/log-sink.ts';
export type { MetricSinkCall, MetricSinkDefinition } from './runtime/plugins/metric-sink.ts';
export type { NamedAddress, NamingDefinition, NamingListener, NamingTarget } from './runtime/plugins/naming.ts';
export type { Span, TracerDefinition } from './runtime/plugins/tracer.ts';
export type { RestartLimits } from './runtime/restart-policy.ts';
export type * from './runtime/settings.ts';
export type { StrategySettings, StrategySource } from './runtime/strategies.ts';
