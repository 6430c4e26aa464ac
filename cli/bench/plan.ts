// benchPlan: the command line of `heddle bench` as what it means: which load, and the words that say so.

import { httpConnectionsMax } from '../../load/http/http-target.ts';
import { type LoadShape, openInFlightDefault } from '../../load/options.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { formatDuration } from '../../runtime/units.ts';
import type { BenchOptions } from './options.ts';

export interface BenchPlan {
  shape: LoadShape;
  /** Over heddle: to each address. Over HTTP: as many as requests under way. */
  connections: number;
}

const inFlightDefault = 32;
const connectionsDefault = 8;
/** Over HTTP each one is a connection. */
const httpOpenInFlightDefault = 256;

/** Throws INVALID_ARGUMENT when options don't go together. */
export function benchPlan(options: BenchOptions, isHttp: boolean): BenchPlan {
  const shape = shapeOf(options, isHttp);
  const underWay = shape.kind === 'open' ? shape.maxInFlight : shape.inFlight;
  if (!isHttp) return { shape, connections: options.connections ?? connectionsDefault };
  const name = shape.kind === 'open' ? '--max-in-flight' : '--in-flight';
  if (options.connections !== undefined && options.connections !== underWay) {
    throw wrong(`over HTTP each request under way takes a connection; say ${name} instead of --connections`);
  }
  if (underWay > httpConnectionsMax) {
    throw wrong(
      `over HTTP each request under way takes a connection: ${name} may be at most ${httpConnectionsMax}, not ${underWay}`,
    );
  }
  return { shape, connections: underWay };
}

function shapeOf({ rate, inFlight, maxInFlight, precise }: BenchOptions, isHttp: boolean): LoadShape {
  if (rate === undefined) {
    if (maxInFlight !== undefined)
      throw wrong('--max-in-flight bounds what --rate sends; without --rate say --in-flight');
    if (precise !== undefined) throw wrong('--precise is about when --rate sends; give a --rate');
    return { kind: 'closed', inFlight: inFlight ?? inFlightDefault };
  }
  const bound = isHttp ? httpOpenInFlightDefault : openInFlightDefault;
  return { kind: 'open', ratePerSecond: rate, maxInFlight: maxInFlight ?? bound };
}

/** `32 in flight over 8 connections for 10s`, `500 a second (Poisson, seed 7) over 8 connections for 10s`. */
export function planText({ shape }: BenchPlan, seed: number, connections: number, durationMs: number): string {
  const how =
    shape.kind === 'open' ? `${shape.ratePerSecond} a second (Poisson, seed ${seed})` : `${shape.inFlight} in flight`;
  const over = `over ${connections} connection${connections === 1 ? '' : 's'}`;
  return `${how} ${over} for ${formatDuration(durationMs)}`;
}

function wrong(what: string): HeddleError {
  return new HeddleError('INVALID_ARGUMENT', what);
}
