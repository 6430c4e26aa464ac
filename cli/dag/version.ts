// The two versions that `heddle dag diff` compares: strategies of files, or those that a running process uses.

import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { StrategyDefinition } from '../../dag/definition.ts';
import type { PlacedStrategies } from '../../dag/diff/align-modules.ts';
import { HeddleError } from '../../runtime/errors.ts';
import type { StrategySource } from '../../runtime/strategies.ts';
import { answerOf, failureText } from '../admin-answer.ts';
import { askAdmin } from '../admin-request.ts';
import { adminOf } from './admin-of.ts';
import { loadRight, sourcesFor } from './load.ts';

/** Of all definitions of a process, ms. */
const answerMs = 15_000;

/** No module of a node is loaded: an old version lies beside none. `files`: none are those of the config. */
export async function versionOfFiles(files: readonly string[], config?: string): Promise<PlacedStrategies> {
  const options = { modules: false, pools: false, ...(config === undefined ? {} : { config }) };
  const { definitions } = await loadRight(files, options);
  return placed(definitions, sourcesFor(files, options));
}

/** `at`: as `--address` or `--config` have it. Throws UNAVAILABLE with what the process answers instead. */
export async function versionInUse(at: string | undefined): Promise<PlacedStrategies> {
  const target = adminOf(at);
  const { address } = target;
  const response = await askAdmin({ ...target, verb: 'GET', path: '/strategies/definitions', timeoutMs: answerMs });
  if (response.status >= 400) {
    throw new HeddleError(
      'UNAVAILABLE',
      failureText(response, address)
        .replace(/^heddle: /, '')
        .trimEnd(),
    );
  }
  const { definitions, sources } = answerOf(response.text) as {
    definitions?: StrategyDefinition[];
    sources?: StrategySource[];
  };
  if (Array.isArray(definitions) && Array.isArray(sources)) return placed(definitions, sources);
  throw new HeddleError('UNAVAILABLE', `${address} does not say its strategies: is it another version of Heddle?`);
}

function placed(definitions: readonly StrategyDefinition[], sources: readonly StrategySource[]): PlacedStrategies {
  const folders = definitions.flatMap((definition) => {
    const folder = folderOf(definition, sources);
    return folder === undefined ? [] : [[definition.name, folder] as const];
  });
  return { definitions: definitions.map(asFromJson), folders: new Map(folders) };
}

/** A strategy of a module tells the module's last name only: where two have it, the folder is not known. */
function folderOf({ origin }: StrategyDefinition, sources: readonly StrategySource[]): string | undefined {
  const urls = sources.flatMap((source) => {
    if (source.kind === 'file') return source.shown === origin ? [pathToFileURL(source.path).href] : [];
    return origin.endsWith(` of ${source.moduleUrl.slice(source.moduleUrl.lastIndexOf('/') + 1)}`)
      ? [source.moduleUrl]
      : [];
  });
  return urls.length === 1 ? `${dirname(urls[0]!)}/` : undefined;
}

/** As a process tells them: JSON leaves out what is undefined, and knows no Infinity. */
function asFromJson(definition: StrategyDefinition): StrategyDefinition {
  const told = JSON.parse(JSON.stringify(definition)) as StrategyDefinition;
  const { budget } = told;
  return { ...told, budget: { ...budget, totalMs: budget.totalMs ?? Number.POSITIVE_INFINITY } };
}
