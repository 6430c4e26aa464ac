// The admin's paths for reloads (admin thread). Main does them; one that takes longer than an answer should is asked about again.

import { type ErrorCode, HeddleError } from '../runtime/errors.ts';
import { type AdminCommands, AdminReply } from './commands.ts';
import type { MainAsker } from './main-asker.ts';
import type { ReloadWish } from './messages.ts';

/** How long an answer waits for a reload to end; from then on whoever asked asks again, ms. */
const reloadWaitMs = 5_000;
/** Of a name in a body. */
const nameMax = 200;

export function addReloadCommands(commands: AdminCommands, main: MainAsker): void {
  commands.add({
    path: '/reload',
    verb: 'POST',
    summary:
      'Reads the config again, takes over what may change, and rolls the pools whose code has changed, or those of {"roll":["ranking"]}, or {"roll":true}; {"canary":10} tries on 10 % of the calls first; {"strict":true} changes nothing if a part needs a restart.',
    run: async ({ body }) => {
      const wish = wishOf(body);
      const state = (await main.ask({ do: 'reload', wish, waitMs: reloadWaitMs }, reloadWaitMs)) as ReloadAnswer;
      if (state.state === 'done') return state.report;
      if (state.state === 'failed') throw new HeddleError(state.code as ErrorCode, state.message);
      return new AdminReply(state, { status: 202 });
    },
  });
  commands.add({
    path: '/reload',
    verb: 'GET',
    summary: 'How the last reload ended, or how it stands, with the figures of its canary (?id= for an earlier one).',
    run: ({ query }) => main.ask({ do: 'reload-state', id: idOf(query.get('id')) }),
  });
  commands.add({
    path: '/reload/canary',
    verb: 'POST',
    summary: 'Ends the canary of a reload: {"decide":"go-on"} or {"decide":"roll-back"}.',
    run: ({ body }) => {
      const decide = (body as { decide?: unknown } | null | undefined)?.decide;
      if (decide !== 'go-on' && decide !== 'roll-back') {
        throw new HeddleError('INVALID_ARGUMENT', 'say how, as {"decide":"go-on"} or {"decide":"roll-back"}');
      }
      return main.ask({ do: 'canary', goOn: decide === 'go-on' });
    },
  });
}

/** As main has it, as far as it is looked at here. */
type ReloadAnswer =
  | { state: 'waiting' | 'running' }
  | { state: 'done'; report: unknown }
  | { state: 'failed'; code: string; message: string };

function wishOf(body: unknown): ReloadWish {
  if (body === undefined) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HeddleError('INVALID_ARGUMENT', 'the body must be a JSON object');
  }
  for (const key of Object.keys(body)) {
    if (key === 'roll' || key === 'canary' || key === 'strict') continue;
    throw new HeddleError('INVALID_ARGUMENT', `unknown field ${JSON.stringify(key)}; there are roll, canary, strict`);
  }
  const { roll, canary, strict } = body as { roll?: unknown; canary?: unknown; strict?: unknown };
  if (roll !== undefined && typeof roll !== 'boolean' && !isNames(roll)) {
    throw new HeddleError('INVALID_ARGUMENT', '"roll" must be true, or a list of pools, as ["ranking"]');
  }
  if (canary !== undefined && !(typeof canary === 'number' && canary >= 0 && canary <= 50)) {
    throw new HeddleError('INVALID_ARGUMENT', '"canary" must be a number of percent from 0 (none) to 50');
  }
  if (strict !== undefined && typeof strict !== 'boolean') {
    throw new HeddleError('INVALID_ARGUMENT', '"strict" must be true or false');
  }
  return { pools: roll === true ? 'all' : roll === false ? undefined : roll, canaryPercent: canary, strict };
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string' && one.length <= nameMax);
}

function idOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new HeddleError('INVALID_ARGUMENT', `?id= must be the number of a reload, not ${JSON.stringify(text)}`);
}
