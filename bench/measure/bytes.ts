// What code allocates: exactly, by V8's own counter, and by the sampling heap profiler, which also says where. Neither sees
// the memory of array buffers outside of the heap.

import { Session } from 'node:inspector/promises';
import { getHeapStatistics } from 'node:v8';
import type { Side } from './pairs.ts';

/** Bytes of the JavaScript heap for each run, by V8's counter of all that was ever allocated; null: Node 24 has none. */
export async function bytesPerRun(side: Side, runs: number): Promise<number | null> {
  // Its first call allocates what the calls between do not.
  if (getHeapStatistics().total_allocated_bytes === undefined) return null;
  const before = getHeapStatistics().total_allocated_bytes;
  await side(runs);
  return (getHeapStatistics().total_allocated_bytes - before) / runs;
}

export interface SampledBytes {
  readonly bytesPerRun: number;
  /** The functions that allocate most, as `name file:line`, bytes per run. */
  readonly top: readonly { readonly where: string; readonly bytesPerRun: number }[];
}

/** Mean distance of samples, bytes. */
const samplingInterval = 1024;
const topMax = 10;

export async function sampledBytesPerRun(side: Side, runs: number): Promise<SampledBytes> {
  const session = new Session();
  session.connect();
  try {
    await session.post('HeapProfiler.startSampling', {
      samplingInterval,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    await side(runs);
    const { profile } = await session.post('HeapProfiler.stopSampling');
    return summaryOf(profile.head, runs);
  } finally {
    session.disconnect();
  }
}

interface ProfileNode {
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly selfSize: number;
  readonly children: readonly ProfileNode[];
}

function summaryOf(head: ProfileNode, runs: number): SampledBytes {
  const bytes = new Map<string, number>();
  const visit = ({ callFrame: { functionName, url, lineNumber }, selfSize, children }: ProfileNode): void => {
    const where = `${functionName || '(anonymous)'} ${url.split('/').at(-1)}:${lineNumber + 1}`;
    bytes.set(where, (bytes.get(where) ?? 0) + selfSize);
    for (const child of children) visit(child);
  };
  visit(head);
  const sorted = [...bytes].sort(([, left], [, right]) => right - left);
  return {
    bytesPerRun: sorted.reduce((sum, [, size]) => sum + size, 0) / runs,
    top: sorted.slice(0, topMax).map(([where, size]) => ({ where, bytesPerRun: size / runs })),
  };
}
