// `heddle/testing`: the API of tests that run a service in a deterministic simulation. For tests alone: what it loads is of no
// use to a service.

export { SimFailure } from './testing/sim/failure.ts';
export { type Backend, type BackendAnswers, type BackendCall, backend } from './testing/simulate/backend.ts';
export { everySeed, SeedFailure } from './testing/simulate/every-seed.ts';
export type { EverySeedOptions, SimulateOptions } from './testing/simulate/options.ts';
export { simulate } from './testing/simulate/simulate.ts';
export type {
  BackendControl,
  SimClientOptions,
  SimulatedProcess,
} from './testing/simulate/simulated-process.ts';
