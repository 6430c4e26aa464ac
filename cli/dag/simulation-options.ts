// What `explain` and `simulate` are told about the world: latencies, recorded runs, parameters, from files, arguments and a
// running process.

import type { Data } from '../../dag/definition.ts';
import type { RunTrace } from '../../dag/run/trace.ts';
import type { SimulationModel } from '../../dag/simulate/node-model.ts';
import { readLatencies } from '../../dag/simulate/read-latencies.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { answerOf, failureText } from '../admin-answer.ts';
import { askAdmin } from '../admin-request.ts';
import { adminAddress } from '../top/address.ts';
import type { LoadOptions } from './load.ts';
import { jsonArgument, jsonFile, tracesIn } from './trace-file.ts';

export interface WorldOptions extends LoadOptions {
  /** JSON, or @file. */
  params?: string;
  level?: number;
  /** A file of what GET /strategies answers, or of a part of it. */
  latencies?: string;
  /** A process that has measured them. */
  address?: string;
  /** A file of runs with values. */
  traces?: string;
}

export interface World {
  level: number;
  params?: Readonly<Record<string, Data>>;
  model: SimulationModel;
  traces?: readonly RunTrace[];
}

/** Throws INVALID_ARGUMENT for what can't be read, and what says why a process does not answer. */
export async function worldOf(strategy: string, options: WorldOptions): Promise<World> {
  const { params, level = 0, traces } = options;
  const latencies = await latenciesOf(options);
  return {
    level,
    model: latencies === undefined ? {} : (readLatencies(latencies).get(strategy) ?? {}),
    ...(params === undefined ? {} : { params: mapArgument(params, '--params') }),
    ...(traces === undefined ? {} : { traces: tracesIn(traces) }),
  };
}

export function mapArgument(text: string, option: string): Readonly<Record<string, Data>> {
  const value = jsonArgument(text, option);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, Data>;
  throw new HeddleError('INVALID_ARGUMENT', `${option} is a JSON map from name to value, as '{"useExtra":true}'`);
}

async function latenciesOf({ latencies, address }: WorldOptions): Promise<unknown> {
  if (latencies !== undefined) return jsonFile(latencies, '--latencies');
  if (address === undefined) return undefined;
  const at = adminAddress(address, process.env);
  const response = await askAdmin({ address: at, verb: 'GET', path: '/strategies', timeoutMs: 5_000 });
  if (response.status < 400) return answerOf(response.text);
  throw new HeddleError(
    'UNAVAILABLE',
    failureText(response, at)
      .replace(/^heddle: /, '')
      .trimEnd(),
  );
}
