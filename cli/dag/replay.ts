// `heddle dag replay`: recorded runs once more, on the strategies as they are now or on another version of them.

import type { Data } from '../../dag/definition.ts';
import { formatReplay } from '../../dag/simulate/format-replay.ts';
import type { ReplayMock } from '../../dag/simulate/recording.ts';
import { type Replay, replay } from '../../dag/simulate/replay.ts';
import { errorCodes, HeddleError } from '../../runtime/errors.ts';
import { parseDurationMs } from '../../runtime/units.ts';
import { exitCodes } from '../exit-codes.ts';
import { type LoadOptions, loadRight } from './load.ts';
import { numbered, put } from './output.ts';
import { mapArgument } from './simulation-options.ts';
import { timelineFor } from './timeline.ts';
import { tracesIn } from './trace-file.ts';
import { ofFile } from './usage.ts';

export interface ReplayOptions extends LoadOptions {
  /** Files of the version to replay on. Default: the strategies of the config. */
  against?: string[];
  /** JSON, or @file: what nodes do of which nothing is recorded. */
  mocks?: string;
  out?: string;
  json?: true;
}

/** Resolves with the exit code: failed when a run came out otherwise. */
export async function dagReplay(file: string, options: ReplayOptions): Promise<number> {
  const { against = [], mocks, out, json, ...where } = options;
  const draw = out === undefined ? undefined : timelineFor(out);
  const traces = ofFile(() => tracesIn(file));
  const given = mocks === undefined ? {} : mocksOf(mocks);
  const { definitions, known } = await loadRight(against, where);
  const replays = traces.map((trace) => {
    return replay(trace, definitions, { mocks: given, idempotent: known[trace.strategy]?.idempotent ?? {} });
  });
  put(json === true ? JSON.stringify(replays, undefined, 2) : replays.map(formatReplay).join('\n\n'), undefined);
  if (out !== undefined && draw !== undefined) {
    for (const [index, { replayed, strategy }] of replays.entries()) {
      const definition = definitions.find(({ name }) => name === strategy);
      put(draw(replayed, definition), numbered(out, index, replays.length));
    }
  }
  return replays.every(isSame) ? exitCodes.ok : exitCodes.failed;
}

/** As tests write them: `{ "rank": { "result": [], "delay": "3ms" } }`; `delayMs: 3` is the same. Throws INVALID_ARGUMENT. */
function mocksOf(text: string): Record<string, ReplayMock> {
  const mocks = Object.entries(mapArgument(text, '--mocks')).map(([node, mock]) => {
    const { result, error, delay, delayMs: writtenMs, ...others } = mapOf(mock) ?? { wrong: true };
    const delayMs = typeof delay === 'string' ? parseDurationMs(delay) : writtenMs;
    const isRight =
      Object.keys(others).length === 0 &&
      (error === undefined || errorCodes.some((code) => code === error)) &&
      (delay === undefined || (writtenMs === undefined && typeof delay === 'string' && delayMs !== undefined)) &&
      (delayMs === undefined || (typeof delayMs === 'number' && delayMs >= 0));
    if (!isRight) {
      const what = `--mocks: ${node} takes result or error (a code such as UNAVAILABLE), and delay (such as 5ms)`;
      throw new HeddleError('INVALID_ARGUMENT', `${what}, not ${JSON.stringify(mock)}`);
    }
    return [node, { value: result ?? null, ...(error === undefined ? {} : { error }), delayMs: delayMs ?? 0 }] as const;
  });
  return Object.fromEntries(mocks) as Record<string, ReplayMock>;
}

function mapOf(value: Data): Record<string, Data> | undefined {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap ? (value as Record<string, Data>) : undefined;
}

function isSame({ same, unrecorded }: Replay): boolean {
  return unrecorded.length === 0 && Object.values(same).every((one) => one);
}
