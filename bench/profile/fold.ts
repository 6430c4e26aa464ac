// foldProfiles: CPU profiles of threads as one tree of functions with the processor time of each: what a flame picture
// draws, and what the hottest functions are read off. Idle time is left out: it costs nothing. But V8 takes for idle what a
// thread does between two callbacks, system calls that wait for and read sockets among it: what the thread has used over
// the samples in its functions is shown as that.

import { fileURLToPath } from 'node:url';

/** As in the file that Chrome's developer tools read (.cpuprofile). */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly hitCount?: number;
    readonly children?: readonly number[];
  }[];
  /** Between samples, µs. */
  readonly timeDeltas?: readonly number[];
}

/** Whose code it is: `bench` is the scenario's handler, `native` is V8's and Node's C++ and the system, `gc` the collector. */
export type FrameKind = 'thread' | 'heddle' | 'bench' | 'dependency' | 'node' | 'native' | 'gc';

export interface Frame {
  readonly name: string;
  /** `net/thread/dispatcher.ts:120`, `node:net:30`; empty where there is no source. */
  readonly at: string;
  readonly kind: FrameKind;
  /** In it and in what it called, µs. */
  total: number;
  /** In it alone, µs. */
  self: number;
  /** By name and place. */
  readonly children: Map<string, Frame>;
}

export interface CallFrame {
  readonly functionName: string;
  /** `0` of what is no script: V8's and Node's own functions. */
  readonly scriptId: string | number;
  /** Empty of those, and of functions made at run time. */
  readonly url: string;
  readonly lineNumber: number;
}

/** What V8 calls time outside of JavaScript, as a reader would. */
const outside: Readonly<Record<string, { name: string; kind: FrameKind }>> = {
  '(garbage collector)': { name: 'garbage collector', kind: 'gc' },
  '(program)': { name: 'native code outside of JavaScript', kind: 'native' },
};

export interface ThreadProfile {
  readonly name: string;
  readonly cpu: CpuProfile;
  /** That the thread used meanwhile, user and system, µs. */
  readonly cpuUs: number;
}

/** A frame for each thread, with what it runs below. */
export function foldProfiles(threads: readonly ThreadProfile[]): Frame {
  const root = newFrame('all threads', '', 'thread');
  for (const { name, cpu, cpuUs } of threads) {
    const thread = newFrame(name, '', 'thread');
    root.children.set(name, thread);
    addProfile(thread, cpu);
    const unseenUs = cpuUs - thread.total;
    if (unseenUs > 0) {
      const unseen = newFrame('between callbacks: epoll, reads, writes of Node’s C++', '', 'native');
      unseen.self = unseen.total = unseenUs;
      thread.children.set(unseen.name, unseen);
      thread.total = cpuUs;
    }
    root.total += thread.total;
  }
  return root;
}

function addProfile(thread: Frame, { nodes, timeDeltas = [] }: CpuProfile): void {
  const sampleUs = sampleUsOf(timeDeltas);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const add = (into: Frame, ids: readonly number[]): number => {
    let us = 0;
    for (const id of ids) {
      const { callFrame, hitCount = 0, children = [] } = byId.get(id)!;
      if (callFrame.functionName === '(idle)') continue;
      const frame = childOf(into, callFrame);
      const below = add(frame, children);
      const self = hitCount * sampleUs;
      frame.self += self;
      frame.total += self + below;
      us += self + below;
    }
    return us;
  };
  // The first node is V8's root, which is nobody's code.
  thread.total = add(thread, nodes[0]?.children ?? []);
}

/**
 * What a sample stands for: the median, since a thread that another process keeps off its processor is not sampled
 * meanwhile.
 */
function sampleUsOf(timeDeltas: readonly number[]): number {
  return timeDeltas.toSorted((left, right) => left - right)[timeDeltas.length >> 1] ?? 1000;
}

/** Samples of the same function under the same callers are one frame. */
function childOf(parent: Frame, callFrame: CallFrame): Frame {
  const known = outside[callFrame.functionName];
  const at = placeOf(callFrame);
  // Functions that Node has in C++ may have no name: what calls them says more than nothing.
  const anonymous = at === '' ? `C++ of ${parent.name}` : '(anonymous)';
  const name = known?.name ?? (callFrame.functionName || anonymous);
  const key = `${name} ${at}`;
  let child = parent.children.get(key);
  if (child === undefined) {
    child = newFrame(name, at, known?.kind ?? kindOf(at));
    parent.children.set(key, child);
  }
  return child;
}

function newFrame(name: string, at: string, kind: FrameKind): Frame {
  return { name, at, kind, total: 0, self: 0, children: new Map() };
}

const root = fileURLToPath(new URL('../../', import.meta.url));

const madeAtRunTime = '(made at run time)';

/** `scheduler/cpu-thread.ts:30`, from the root of the checkout; of other files the last folder and the name only. */
export function placeOf({ url, lineNumber, scriptId }: CallFrame): string {
  if (url === '') return Number(scriptId) === 0 ? '' : madeAtRunTime;
  if (!url.startsWith('file:') && !url.startsWith('/')) return `${url}:${lineNumber + 1}`;
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const shown = path.startsWith(root) ? path.slice(root.length) : path.split('/').slice(-2).join('/');
  return `${shown}:${lineNumber + 1}`;
}

function kindOf(at: string): FrameKind {
  if (at === '') return 'native';
  if (at.startsWith('node:')) return 'node';
  // avsc makes a reader and a writer for each record.
  if (at === madeAtRunTime || at.includes('node_modules/')) return 'dependency';
  return at.startsWith('bench/') ? 'bench' : 'heddle';
}

export interface HotFunction {
  readonly name: string;
  readonly at: string;
  readonly kind: FrameKind;
  readonly self: number;
}

/** The functions with the most time of their own, over all callers and threads, the hottest first. */
export function hottestFunctions(frame: Frame, max: number): HotFunction[] {
  const found = new Map<string, HotFunction & { self: number }>();
  const visit = ({ name, at, kind, self, children }: Frame): void => {
    if (self > 0) {
      const key = `${name} ${at}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { name, at, kind, self });
      else known.self += self;
    }
    for (const child of children.values()) visit(child);
  };
  visit(frame);
  return [...found.values()].sort((left, right) => right.self - left.self).slice(0, max);
}

/** Of the time of `frame`, that of one kind, 0..1. */
export function shareOf(frame: Frame, kind: FrameKind): number {
  const us = (one: Frame): number =>
    [...one.children.values()].reduce((sum, child) => sum + us(child), one.kind === kind ? one.self : 0);
  return frame.total === 0 ? 0 : us(frame) / frame.total;
}
