// reload: `heddle reload`: a running process reads its config again, and says what changed.

import type { ReloadReport } from '../net/server/server-live.ts';
import { HeddleError } from '../runtime/errors.ts';
import { answerOf, failureText } from './admin-answer.ts';
import { askAdmin } from './admin-request.ts';
import { exitCodes } from './exit-codes.ts';
import { adminTarget } from './top/address.ts';

/** Of a process whose config sources are slow, ms. */
const answerMs = 25_000;

export interface ReloadOptions {
  address?: string;
  config?: string;
  json?: true;
}

export async function reload({ address, config, json }: ReloadOptions): Promise<number> {
  try {
    const target = adminTarget(address ?? config, process.env);
    const response = await askAdmin({ ...target, verb: 'POST', path: '/reload', timeoutMs: answerMs });
    if (response.status >= 400) {
      process.stderr.write(failureText(response, target.address));
      return exitCodes.failed;
    }
    process.stdout.write(json === true ? `${response.text.trimEnd()}\n` : reportText(answerOf(response.text)));
    return exitCodes.ok;
  } catch (reason) {
    process.stderr.write(`heddle: ${HeddleError.from(reason).message}\n`);
    return exitCodes.failed;
  }
}

function reportText(answer: unknown): string {
  const { changed = [], needsRestart = [] } = answer as Partial<ReloadReport>;
  const lines = [changed.length === 0 ? 'nothing changed' : 'changed', ...changed.map((path) => `  ${path}`)];
  if (needsRestart.length > 0) lines.push('needs a restart', ...needsRestart.map((path) => `  ${path}`));
  return `${lines.join('\n')}\n`;
}
