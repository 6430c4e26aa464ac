// npmsNodeRunsHeddle: whether the Node that npm runs on here can run Heddle. It need not be this one: `npx` finds the
// node_modules/.bin of the project first, and a new project has none.

import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { exitCodes } from '../exit-codes.ts';
import { packageHome } from './package-home.ts';

/** A Node that has not answered by then is not used, ms. */
const answerTimeoutMs = 10_000;

/** False too when none is found. The launcher knows which Nodes it runs on, so that one is asked to run it. */
export function npmsNodeRunsHeddle(environment: NodeJS.ProcessEnv = process.env): boolean {
  const PATH = (environment.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !/node_modules[\\/]\.bin[\\/]?$/.test(folder))
    .join(delimiter);
  // npm says what it runs on; without npm it would be the first of the machine.
  const node = environment.npm_node_execpath ?? 'node';
  const { status } = spawnSync(node, [join(packageHome, 'bin/heddle.js'), 'version'], {
    env: { ...environment, PATH },
    stdio: 'ignore',
    timeout: answerTimeoutMs,
  });
  return status === exitCodes.ok;
}
