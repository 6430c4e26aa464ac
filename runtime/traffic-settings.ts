// ListenerTraffic: where the calls of one listener go beside, or instead of, the services of this process.

/** Plain data; part of a BindingSettings, and live. */
export interface ListenerTraffic {
  /** Copies for others, whose answers nobody waits for. */
  mirror: MirrorSettings[];
  /** Calls go there instead; undefined: the services of this process answer. */
  forward?: TargetAddress[] | undefined;
}

export interface MirrorSettings {
  addresses: TargetAddress[];
  /** Share of the calls, 0 to 100, fractions too. */
  percent: number;
}

export interface TargetAddress {
  host: string;
  port: number;
}
