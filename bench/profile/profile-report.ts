// ProfileReport: what a profiled server's requests cost it, thread by thread, as plain data, and as text.

import type { RunResult } from '../result.ts';
import type { Goal } from '../scenario.ts';
import type { FrameKind } from './fold.ts';

export interface ProfileReport {
  readonly scenario: string;
  /** `256/8`. */
  readonly shape: string;
  readonly method: readonly string[];
  /** While CPU time and bytes were counted, with no profiler at work. */
  readonly answers: number;
  readonly perSecond: number;
  /** Of the process, µs per request. */
  readonly cpuUs: number;
  /** Of it, what is no listed thread's: V8's own threads, which compile and collect, and threads that no request needs. */
  readonly otherCpuUs: number;
  /** Those that requests need. */
  readonly threads: readonly ProfiledThread[];
  /** Of the processor time of the process, that of garbage collection, 0..1. */
  readonly gcShare: number;
  readonly hottest: readonly {
    readonly name: string;
    readonly at: string;
    readonly kind: FrameKind;
    readonly share: number;
  }[];
}

export interface ProfiledThread {
  readonly name: string;
  /** Per request. */
  readonly cpuUs: number;
  /** Per request, in its JavaScript heap; undefined: main's, or a Node that does not count. */
  readonly bytes: number | undefined;
  /** Of its processor time; undefined: main's. */
  readonly gcShare: number | undefined;
  /** Where most bytes were allocated, by the sampling heap profiler, per request. */
  readonly allocators: readonly { readonly where: string; readonly bytes: number }[];
}

/** The file that is kept of it. */
export type KeptProfile = Pick<RunResult, 'command' | 'startedAt' | 'machine'> & { readonly profile: ProfileReport };

/** Of goal 9. */
const gcShareGoal = 0.03;

export function profileGoals({ gcShare }: ProfileReport): Goal[] {
  return [
    {
      sentence: `garbage collection takes ${percent(gcShare)} of the processor time of a request; goal: below ${percent(gcShareGoal)}`,
      met: gcShare < gcShareGoal,
    },
  ];
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** For a terminal. */
export function profileText(report: ProfileReport): string {
  const { scenario, shape, method, cpuUs, otherCpuUs, perSecond, hottest } = report;
  const threads = report.threads.map(({ name, cpuUs, bytes, gcShare }) => {
    const gc = gcShare === undefined ? '' : `, ${percent(gcShare)} of it collecting`;
    const allocated = bytes === undefined ? '' : `; ${bytes.toFixed(0)} bytes allocated`;
    return `  ${name.padEnd(14)} ${cpuUs.toFixed(2).padStart(6)} µs${gc}${allocated}`;
  });
  const lines = hottest.map(
    ({ name, at, share }) => `  ${percent(share).padStart(6)}  ${[name, at].join('  ').trimEnd()}`,
  );
  const allocators = report.threads.flatMap(({ name, allocators }) =>
    allocators.length === 0
      ? []
      : [
          '',
          `bytes per request on ${name}`,
          ...allocators.map(({ where, bytes }) => `  ${bytes.toFixed(0).padStart(6)}  ${where}`),
        ],
  );
  const goals = profileGoals(report).map(({ sentence, met }) => `${met ? 'met   ' : 'missed'}  ${sentence}`);
  return [
    `${scenario}, ${shape}: ${cpuUs.toFixed(2)} µs of CPU per request at ${Math.round(perSecond).toLocaleString('en')} requests/s`,
    ...threads,
    `  ${'others, V8’s'.padEnd(14)} ${otherCpuUs.toFixed(2).padStart(6)} µs`,
    '',
    'functions, by the processor time in them alone',
    ...lines,
    ...allocators,
    '',
    ...goals,
    '',
    ...method,
  ].join('\n');
}
