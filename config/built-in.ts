// The built-in plugins: protocols, codecs, compressors and sinks that come with Heddle. They are added through the same
// extension points as anybody's; here they are named by URL, since nothing below `plugins/` knows them.

import { moduleUrl } from '../runtime/module-url.ts';
import type { PluginOptions, PluginSettings } from '../runtime/settings.ts';

/** Files of `plugins/`, in the order of their installation, before those of the config. */
const names = ['codecs', 'compressors', 'protocols'] as const;

/** Not among them: the log thread installs it by itself, before any other is read. */
export const logSinksUrl = moduleUrl('../plugins/log-sinks', import.meta.url).href;

/** `options`: what the config says to some of them. */
export function builtInPlugins(
  options: { readonly [Name in (typeof names)[number]]?: PluginOptions } = {},
): PluginSettings[] {
  return names.map((name) => {
    const url = moduleUrl(`../plugins/${name}`, import.meta.url).href;
    return { moduleUrl: url, options: options[name] ?? {} };
  });
}
