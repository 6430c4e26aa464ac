// readPlugin: the module of one plugin, imported on the calling thread and checked. Main reads every plugin once, at the
// start; every other thread those that live on it.

import { HeddleError } from '../errors.ts';
import { fileOf, moduleProblem } from '../module-problem.ts';
import { type Plugin, pluginMark } from '../plugin.ts';

/** Throws FAILED_PRECONDITION with the module's path: it does not load, or exports something else. */
export async function readPlugin(moduleUrl: string): Promise<Plugin> {
  try {
    return pluginOf((await import(moduleUrl)) as { default?: unknown });
  } catch (reason) {
    const message = `${fileOf(moduleUrl)}: ${moduleProblem(reason, moduleUrl)}`;
    throw new HeddleError('FAILED_PRECONDITION', message, { cause: reason });
  }
}

function pluginOf({ default: value }: { default?: unknown }): Plugin {
  if (value === undefined) {
    throw new HeddleError('FAILED_PRECONDITION', 'it has no default export; write: export default definePlugin({ … })');
  }
  if (typeof value === 'object' && value !== null && pluginMark in value) return value as Plugin;
  throw new HeddleError(
    'FAILED_PRECONDITION',
    'its default export was not made by definePlugin(); write: export default definePlugin({ … })',
  );
}
