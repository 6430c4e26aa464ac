// machine: what numbers were measured on; without it they say nothing.

import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, type } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  /** `31b15c3`, with a `+` when files differ from it; `unknown` outside a checkout. */
  readonly commit: string;
  /** Of the last minute: above `cpus` others were at work too. */
  readonly load: number;
}

export function machine(): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cpus: processors.length,
    system: `${type()} ${release()} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
    commit: commit(),
    load: Number(loadavg()[0]!.toFixed(2)),
  };
}

export function machineText({ cpu, cpus, system, node, v8, commit, load }: Machine): string {
  return `${cpus} × ${cpu}, ${system}, load ${load}\nNode ${node} (V8 ${v8}), commit ${commit}`;
}

/** Undefined: nobody else was at work when it began. */
export function loadWarning({ cpus, load }: Pick<Machine, 'cpus' | 'load'>): string | undefined {
  if (load <= cpus) return undefined;
  return `WARNING: the machine had a load of ${load} on ${cpus} processors at the start: others were at work too, so these numbers say little.`;
}

function commit(): string {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no').trim() !== '';
    return `${git('rev-parse', '--short', 'HEAD').trim()}${changed ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}
