// What `explain` and `simulate` are told about the world: latencies, recorded runs, parameters, from files, arguments and a
// running process.

import type { Data } from '../../dag/definition.ts';
import type { RunTrace } from '../../dag/run/trace.ts';
import type { SimulationModel } from '../../dag/simulate/node-model.ts';
import { readLatencies } from '../../dag/simulate/read-latencies.ts';
import { HeddleError } from '../../runtime/errors.ts';
import { answerOf, failureText } from '../admin-answer.ts';
import { askAdmin } from '../admin-request.ts';
import { adminOf } from './admin-of.ts';
import { latenciesExample } from './latencies-example.ts';
import type { LoadOptions } from './load.ts';
import { jsonArgument, jsonFile, tracesIn } from './trace-file.ts';
import { ofFile } from './usage.ts';

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

/** Throws INVALID_ARGUMENT for arguments that can't be, FAILED_PRECONDITION for files, UNAVAILABLE for a process that is silent. */
export async function worldOf(strategy: string, options: WorldOptions): Promise<World> {
  const { params, level = 0, traces } = options;
  const latencies = await latenciesOf(options);
  return {
    level,
    model: latencies === undefined ? {} : (modelsOf(latencies).get(strategy) ?? {}),
    ...(params === undefined ? {} : { params: mapArgument(params, '--params') }),
    ...(traces === undefined ? {} : { traces: ofFile(() => tracesIn(traces)) }),
  };
}

export function mapArgument(text: string, option: string): Readonly<Record<string, Data>> {
  const value = jsonArgument(text, option);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, Data>;
  throw new HeddleError('INVALID_ARGUMENT', `${option} is a JSON map from name to value, as '{"useExtra":true}'`);
}

function modelsOf(latencies: unknown): ReadonlyMap<string, SimulationModel> {
  try {
    return readLatencies(latencies);
  } catch (reason) {
    if (!(reason instanceof HeddleError)) throw reason;
    const message = `latencies: ${reason.message.replace(/^latencies /, '')}; they are written ${latenciesExample}`;
    throw new HeddleError('FAILED_PRECONDITION', message, { retry: 'no' });
  }
}

async function latenciesOf({ latencies, address }: WorldOptions): Promise<unknown> {
  if (latencies !== undefined) return ofFile(() => jsonFile(latencies, '--latencies'));
  if (address === undefined) return undefined;
  const target = adminOf(address);
  const response = await askAdmin({ ...target, verb: 'GET', path: '/strategies', timeoutMs: 5_000 });
  if (response.status < 400) return answerOf(response.text);
  throw new HeddleError(
    'UNAVAILABLE',
    failureText(response, target.address)
      .replace(/^heddle: /, '')
      .trimEnd(),
  );
}
