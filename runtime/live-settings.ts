// LiveSettings: the part of the settings that threads take over while the process runs. Main sends it to every thread when
// that goes, and again on each reload; whatever uses a part of it takes the new one over at once, without a request
// noticing. What is in the rows of the method table (timeouts, maxConcurrency) comes with the table instead.

import type { DegraderSettings, SamplerSettings } from './gate-settings.ts';
import type { BindingSettings, ClientSettings, PoolSettings } from './settings.ts';
import type { ListenerTraffic } from './traffic-settings.ts';

/** Plain data. */
export interface LiveSettings {
  degraders: LiveDegrader[];
  samplers: SamplerSettings[];
  /** By listener, in the order of the process's listeners. */
  traffic: ListenerTraffic[];
  /** Undefined: those that each thread was born with. */
  bounds?: LiveBounds;
}

/** Bounds and timeouts. */
export interface LiveBounds {
  /** Requests from outside at once, in the whole process. */
  maxRequests: number;
  /** Of one connection, while the process has half of that; 0: any number. */
  maxPerConnection: number;
  /** What one IO thread may hold, bytes. */
  ioMemoryBytes: number;
  /** Pool `io` first. */
  pools: FiberBounds[];
  /** In the order of the process's listeners. */
  listeners: BindingSettings[];
  /** In the order of the config that the process began with. */
  clients: ClientSettings[];
}

/** What one thread of a pool runs at once. */
export type FiberBounds = Pick<PoolSettings, 'name' | 'maxFibers' | 'maxNested' | 'cancelGraceMs'>;

/** Of a process that has none of it. */
export const noLiveSettings: LiveSettings = { degraders: [], samplers: [], traffic: [] };

/** A degrader with the memory in which the whole process counts it. */
export type LiveDegrader = DegraderSettings & { cells: SharedArrayBuffer };
