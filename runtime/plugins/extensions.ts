// ThreadExtensions: what plugins have added on one IO or CPU thread, and the points through which they did. The thread's
// main makes one before its plugins are installed, and looks into it when it makes what they extend.

import { type CodecPoint, codecPoint } from './codec.ts';
import { type CompressorDefinition, type CompressorPoint, compressorPoint } from './compressor.ts';
import { type FilterDefinition, type FilterPoint, filterPoint } from './filter.ts';
import { type LimiterDefinition, type LimiterPoint, limiterPoint } from './limiter.ts';
import { type NamingDefinition, type NamingPoint, namingPoint } from './naming.ts';
import { type ProtocolDefinition, type ProtocolPoint, protocolPoint } from './protocol.ts';
import { Registry } from './registry.ts';
import { type TracerDefinition, type TracerPoint, tracerPoint } from './tracer.ts';

/** What plugins have on IO threads. */
export interface IoPoints
  extends CodecPoint,
    CompressorPoint,
    LimiterPoint,
    ProtocolPoint,
    FilterPoint,
    NamingPoint,
    TracerPoint {}

/** What plugins have on CPU threads. */
export interface CpuPoints extends CodecPoint, CompressorPoint, FilterPoint, NamingPoint, TracerPoint {}

export class ThreadExtensions {
  readonly protocols = new Registry<ProtocolDefinition>('protocol');
  readonly compressors = new Registry<CompressorDefinition>('compressor');
  readonly filters = new Registry<FilterDefinition>('filter');
  readonly limiters = new Registry<LimiterDefinition>('limiter');
  readonly namings = new Registry<NamingDefinition>('naming');
  readonly tracers = new Registry<TracerDefinition>('tracer');

  /** As the plugin of that name sees them on an IO thread. */
  ioPoints(plugin: string): IoPoints {
    return {
      ...this.#callPoints(plugin),
      ...limiterPoint(plugin, this.limiters),
      ...protocolPoint(plugin, this.protocols),
    };
  }

  /** As the plugin of that name sees them on a CPU thread. */
  cpuPoints(plugin: string): CpuPoints {
    return this.#callPoints(plugin);
  }

  /** Around requests and calls, which both kinds of threads have. */
  #callPoints(plugin: string): CodecPoint & CompressorPoint & FilterPoint & NamingPoint & TracerPoint {
    return {
      ...codecPoint(plugin),
      ...compressorPoint(plugin, this.compressors),
      ...filterPoint(plugin, this.filters),
      ...namingPoint(plugin, this.namings),
      ...tracerPoint(plugin, this.tracers),
    };
  }
}
