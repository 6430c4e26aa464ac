// The plan of a process's plugins: which are installed on which kind of thread, in which order. Main makes it at the
// start and gives each thread its own part, so a thread never loads the module of a plugin that does not live on it.

import type { Clock } from '../clock.ts';
import { HeddleError } from '../errors.ts';
import { fileOf } from '../module-problem.ts';
import { type Plugin, type ThreadKind, threadKinds } from '../plugin.ts';
import type { PluginOptions, PluginSettings } from '../settings.ts';
import { formatDuration } from '../units.ts';
import { readPlugin } from './read-plugin.ts';
import { within } from './within.ts';

/** How long the module of one plugin may take to load, ms. */
export const loadTimeoutMs = 20_000;

/** What a plugin says of itself; plain data. */
export interface PluginNote {
  name: string;
  after: string[];
  threads: ThreadKind[];
  moduleUrl: string;
  options: PluginOptions;
}

/** What a thread needs to install one; plain data. */
export interface PluginModule {
  name: string;
  moduleUrl: string;
  options: PluginOptions;
}

/** In the order of installation. */
export type PluginPlan = Readonly<Record<ThreadKind, readonly PluginModule[]>>;

export const noPlugins: PluginPlan = { main: [], io: [], cpu: [], admin: [], log: [] };

/**
 * Imports the plugins of a config and orders them. Throws one FAILED_PRECONDITION that names each module that is wrong
 * and why, or else what is wrong with them together.
 */
export async function loadPlugins(plugins: readonly PluginSettings[], clock: Clock): Promise<PluginPlan> {
  const notes: PluginNote[] = [];
  const problems: string[] = [];
  for (const settings of plugins) {
    try {
      notes.push(noteOf(await readInTime(settings.moduleUrl, clock), settings));
    } catch (reason) {
      problems.push(HeddleError.from(reason).message);
    }
  }
  if (problems.length > 0) throw new HeddleError('FAILED_PRECONDITION', problems.join('\n'));
  return planPlugins(notes);
}

function readInTime(moduleUrl: string, clock: Clock): Promise<Plugin> {
  const bound = formatDuration(loadTimeoutMs);
  const waits = 'does it wait at its top level for what never comes?';
  const late = () =>
    new HeddleError('FAILED_PRECONDITION', `${fileOf(moduleUrl)}: it did not load within ${bound}; ${waits}`);
  return within(loadTimeoutMs, clock, () => readPlugin(moduleUrl), late);
}

export function noteOf({ name, after, threads }: Plugin, { moduleUrl, options }: PluginSettings): PluginNote {
  return { name, after: [...after], threads: [...threads], moduleUrl, options };
}

/**
 * The config's order, but each after those that it names. Throws FAILED_PRECONDITION for two plugins of one name and
 * for a circle, with its path. A name in `after` that no plugin has is no mistake: a plugin may know of others that not
 * everybody uses.
 */
export function planPlugins(notes: readonly PluginNote[]): PluginPlan {
  const byName = new Map<string, PluginNote>();
  for (const note of notes) {
    const other = byName.get(note.name);
    if (other !== undefined) {
      const same = other.moduleUrl === note.moduleUrl;
      const where = fileOf(note.moduleUrl);
      throw new HeddleError(
        'FAILED_PRECONDITION',
        same
          ? `the plugin ${note.name} (${where}) is listed twice; remove one of them`
          : `two plugins are named ${note.name}: ${fileOf(other.moduleUrl)} and ${where}; remove or rename one of them`,
      );
    }
    byName.set(note.name, note);
  }
  const ordered = inOrder(byName);
  const of = (kind: ThreadKind): PluginModule[] =>
    ordered
      .filter(({ threads }) => threads.includes(kind))
      .map(({ name, moduleUrl, options }) => ({ name, moduleUrl, options }));
  return Object.fromEntries(threadKinds.map((kind) => [kind, of(kind)])) as unknown as PluginPlan;
}

function inOrder(byName: ReadonlyMap<string, PluginNote>): PluginNote[] {
  const ordered = new Set<PluginNote>();
  const path: string[] = [];
  const visit = (note: PluginNote): void => {
    if (ordered.has(note)) return;
    const seen = path.indexOf(note.name);
    if (seen !== -1) throw circle([...path.slice(seen), note.name]);
    path.push(note.name);
    for (const name of note.after) {
      const before = byName.get(name);
      if (before !== undefined) visit(before);
    }
    path.pop();
    ordered.add(note);
  };
  for (const note of byName.values()) visit(note);
  return [...ordered];
}

function circle(names: readonly string[]): HeddleError {
  return new HeddleError(
    'FAILED_PRECONDITION',
    `plugins want to be installed after each other: ${names.join(' → ')}; take one of these out of an \`after\``,
  );
}
