// Degraders and samplers as heddle.yaml says them; plain data.

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
