// The extension point `configSource`: settings that come from elsewhere than heddle.yaml, such as a key-value store. Main
// asks each source at the start and at each reload, lays what it says over the file, and takes over what may change.

import { HeddleError } from '../errors.ts';
import type { OptionValue } from '../settings.ts';
import type { Registry } from './registry.ts';

/** Settings that a source gives at most. */
export const sourceSettingsMax = 1000;

/** What a plugin adds. */
export interface ConfigSourceDefinition {
  /** For logs and for `heddle config`. Unique. */
  name: string;
  /**
   * All that it has to say now: a value for each path of heddle.yaml, as for `--set`:
   * `{ 'degraders.light.perSecond': 20, 'log.level': 'debug' }`. It wins over the file; the environment and `--set` win over
   * it. A later source wins over an earlier one.
   */
  read(): SourceSettings | PromiseLike<SourceSettings>;
  /**
   * Calls `changed` when there may be something new, which asks `read` again, soon. The returned function ends the watch,
   * when the process stops. Default: it is asked at reloads only.
   */
  watch?(changed: () => void): () => void;
}

/** A value for each path of heddle.yaml: `{ 'log.level': 'debug' }`. At most 1,000 paths. */
export type SourceSettings = { readonly [path: string]: OptionValue };

/** What plugins have on main. */
export interface ConfigSourcePoint {
  /** Throws INVALID_ARGUMENT for a wrong definition, ALREADY_EXISTS for a name that is taken. */
  configSource(definition: ConfigSourceDefinition): void;
}

export function configSourcePoint(plugin: string, sources: Registry<ConfigSourceDefinition>): ConfigSourcePoint {
  return {
    configSource: (definition) => {
      const named = `config source ${JSON.stringify(definition?.name)}`;
      if (typeof definition?.read !== 'function') {
        throw new HeddleError('INVALID_ARGUMENT', `${named} has no read(); it returns { 'log.level': 'debug' }`);
      }
      if (definition.watch !== undefined && typeof definition.watch !== 'function') {
        throw new HeddleError('INVALID_ARGUMENT', `${named}: watch must be a function, or be left out`);
      }
      sources.add(plugin, definition);
    },
  };
}

const pathPattern = /^[A-Za-z_][^=\s]{0,499}$/;

/** One setting of a source. */
export interface SourceOverride {
  /** The source's name. */
  source: string;
  /** As a `--set` argument: `log.level="debug"`. */
  text: string;
}

/** Throws INVALID_ARGUMENT naming the source and the path. */
export function overridesOf(source: string, settings: unknown): SourceOverride[] {
  const wrong = (what: string) => new HeddleError('INVALID_ARGUMENT', `config source ${source}: ${what}`);
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw wrong("read() must give an object, such as { 'log.level': 'debug' }");
  }
  const entries = Object.entries(settings);
  if (entries.length > sourceSettingsMax)
    throw wrong(`it gives ${entries.length} settings; at most ${sourceSettingsMax}`);
  return entries.map(([path, value]) => {
    if (!pathPattern.test(path)) throw wrong(`${JSON.stringify(path)} is no path of heddle.yaml`);
    const text = JSON.stringify(value);
    if (text === undefined) throw wrong(`${path} has a value that is no JSON`);
    return { source, text: `${path}=${text}` };
  });
}
