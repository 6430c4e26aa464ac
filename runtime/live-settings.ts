// LiveSettings: the part of the settings that may change while the process runs. Main sends it to every thread when that
// goes, and again on each reload; whatever uses a part of it takes the new one over at once, without a request noticing.

import type { ListenerTraffic } from './traffic-settings.ts';

/** A degrader of heddle.yaml: `fiber.degraded('light-ranking')` is true beyond its limit. */
export type DegraderSettings =
  /** Beyond `count` asks in each gap of `gapMs`. */
  | { name: string; count: number; gapMs: number }
  /** Beyond a token bucket: `perSecond` asks on average, `burst` at once. */
  | { name: string; perSecond: number; burst: number };

/** A sampler of heddle.yaml: `fiber.sampled('audit')` is true for this share of the asks. */
export interface SamplerSettings {
  name: string;
  /** 0 to 100, fractions too. */
  percent: number;
}

/** Plain data. */
export interface LiveSettings {
  degraders: LiveDegrader[];
  samplers: SamplerSettings[];
  /** By listener, in the order of the process's listeners. */
  traffic: ListenerTraffic[];
}

/** Of a process that has none of it. */
export const noLiveSettings: LiveSettings = { degraders: [], samplers: [], traffic: [] };

/** A degrader with the memory in which the whole process counts it. */
export type LiveDegrader = DegraderSettings & { cells: SharedArrayBuffer };
