// What a CPU profile says: on which source lines its samples lay. Used by main (the watchdog), by the admin and by the
// `heddle` command; pure functions of a profile as Node gives it.

/** As in the file that Chrome's developer tools read (.cpuprofile). */
export interface CpuProfile {
  nodes: CpuProfileNode[];
  samples?: number[];
}

interface CpuProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  hitCount?: number;
  children?: number[];
  positionTicks?: { line: number; ticks: number }[];
}

/** A source line on which samples lay. */
export interface HotLine {
  /** `scoreFilm`; empty: not in a function. */
  function: string;
  /** `file:///srv/rank.ts:12`. */
  at: string;
  /** Of all samples, 0..1. */
  share: number;
}

/** Where a profile (JSON text) was most of its time; undefined: nowhere with a source line. */
export function hottestLine(json: string): HotLine | undefined {
  return hottestLines(JSON.parse(json) as CpuProfile, 1)[0];
}

/** The source lines on which most samples lay, the hottest first. Time in which the thread was idle does not count. */
export function hottestLines({ nodes }: CpuProfile, linesMax: number): HotLine[] {
  const parents = new Map<number, CpuProfileNode>();
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node);
  const lines = new Map<string, { function: string; ticks: number }>();
  let total = 0;
  const count = (node: CpuProfileNode, line: number, ticks: number): void => {
    const { functionName, url } = node.callFrame;
    const at = `${url}:${line}`;
    const known = lines.get(at);
    if (known === undefined) lines.set(at, { function: functionName, ticks });
    else known.ticks += ticks;
  };
  for (const node of nodes) {
    const ticks = node.hitCount ?? 0;
    if (ticks === 0 || node.callFrame.functionName === '(idle)') continue;
    total += ticks;
    if (isSource(node)) {
      for (const { line, ticks: own } of node.positionTicks ?? []) count(node, line, own);
      continue;
    }
    // Node's own code and V8's (garbage collector, regular expressions) are what a line of the user's leads to.
    let caller = parents.get(node.id);
    while (caller !== undefined && !isSource(caller)) caller = parents.get(caller.id);
    if (caller !== undefined) count(caller, caller.callFrame.lineNumber + 1, ticks);
  }
  const hottest = [...lines].sort(([, a], [, b]) => b.ticks - a.ticks).slice(0, linesMax);
  return hottest.map(([at, { function: name, ticks }]) => ({ function: name, at, share: ticks / total }));
}

function isSource({ callFrame }: CpuProfileNode): boolean {
  return callFrame.url !== '' && !callFrame.url.startsWith('node:');
}
