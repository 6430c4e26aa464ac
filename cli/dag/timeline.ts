// `heddle dag timeline`: a recorded run as a page, as a picture, or as bars on the terminal.

import type { StrategyDefinition } from '../../dag/definition.ts';
import { drawTimeline, drawTimelineSvg, drawTimelineTerminal } from '../../dag/draw/timeline.ts';
import type { RunTrace } from '../../dag/run/trace.ts';
import { exitCodes } from '../exit-codes.ts';
import { looks, numbered, put } from './output.ts';
import { tracesIn } from './trace-file.ts';
import { wrongUsage } from './usage.ts';

type Draw = (trace: RunTrace, definition?: StrategyDefinition) => string;

/** Returns the exit code. Throws INVALID_ARGUMENT for an `out` of another ending, FAILED_PRECONDITION for a wrong file. */
export function dagTimeline(file: string, { out }: { out?: string }): number {
  const draw = out === undefined ? undefined : timelineFor(out);
  const traces = tracesIn(file);
  if (out !== undefined && draw !== undefined) {
    // One file is one run.
    for (const [index, trace] of traces.entries()) put(draw(trace), numbered(out, index, traces.length));
    return exitCodes.ok;
  }
  const { width, colour } = looks();
  put(traces.map((trace) => drawTimelineTerminal(trace, width, { colour })).join('\n'), undefined);
  return exitCodes.ok;
}

/** What the ending of the file asks for. Throws INVALID_ARGUMENT for an ending that says neither. */
export function timelineFor(out: string): Draw {
  if (/\.html?$/i.test(out)) return drawTimeline;
  if (/\.svg$/i.test(out)) return drawTimelineSvg;
  throw wrongUsage(`--out ${out}: a timeline is written as .html or .svg; end its name so`);
}
