// watchFiles: `heddle start --watch`: what the threads have loaded, the config and the strategies are watched, and each change
// is reloaded into the running process; a line tells what came of it. On the main thread, for development.

import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findSources } from '../document/strategy-files.ts';
import { HeddleError, type Server } from '../index.ts';
import type { Clock } from '../runtime/clock.ts';
import type { StrategySettings, StrategySource } from '../runtime/strategies.ts';
import { FileWatch } from './file-watch.ts';
import { few, reloadLine } from './reload-text.ts';

export interface WatchOptions {
  server: Pick<Server, 'code' | 'reloadFile' | 'settingsInForce' | 'log'>;
  /** Absolute. */
  configFile: string;
  clock: Clock;
  /** For people: a line, or more where something is wrong. */
  say(text: string): void;
}

/** Until it is closed. */
export function watchFiles({ server, configFile, clock, say }: WatchOptions): FileWatch {
  const files = (): Map<string, string | undefined> => {
    const watched = new Map<string, string | undefined>([[configFile, undefined]]);
    for (const path of strategyPaths(server.settingsInForce.strategies)) watched.set(path, undefined);
    for (const [path, stamp] of server.code.files) watched.set(path, stamp);
    return watched;
  };
  const reload = async (paths: string[]): Promise<void> => {
    const names = few(paths.map((path) => relative(process.cwd(), path)));
    try {
      // Who has just saved a file wants to see what it does.
      say(`heddle: ${names} changed; ${reloadLine(await server.reloadFile({ canaryPercent: 0, by: 'watch' }))}\n`);
    } catch (reason) {
      const { code, message } = HeddleError.from(reason, reason instanceof Error ? reason.stack : String(reason));
      // The process stops.
      if (code === 'CANCELLED') return;
      server.log.error({ err: reason, files: paths }, 'changed files were not taken over');
      say(`${message}\nheddle: ${names} changed, and can not be used as it is; what was before goes on\n`);
    }
  };
  return new FileWatch({ files, onChange: reload, clock });
}

/** Of files and modules, as they are found now; while a folder can't be read, as they were. */
function strategyPaths({ sources, find }: StrategySettings): string[] {
  let found: readonly StrategySource[] = sources;
  try {
    if (find !== undefined) found = findSources(find).sources;
  } catch {
    // The reload that follows says what is wrong with it.
  }
  return found.map((source) => (source.kind === 'file' ? source.path : fileURLToPath(source.moduleUrl)));
}
