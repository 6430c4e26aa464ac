// `heddle dag timeline`: a recorded run as a page, or as bars on the terminal.

import { drawTimeline, drawTimelineTerminal } from '../../dag/draw/timeline.ts';
import { exitCodes } from '../exit-codes.ts';
import { looks, numbered, put } from './output.ts';
import { tracesIn } from './trace-file.ts';

/** Returns the exit code. */
export function dagTimeline(file: string, { out }: { out?: string }): number {
  const traces = tracesIn(file);
  if (out !== undefined) {
    // One page is one run.
    for (const [index, trace] of traces.entries()) put(drawTimeline(trace), numbered(out, index, traces.length));
    return exitCodes.ok;
  }
  const { width, colour } = looks();
  put(traces.map((trace) => drawTimelineTerminal(trace, width, { colour })).join('\n'), undefined);
  return exitCodes.ok;
}
