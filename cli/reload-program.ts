// The grammar of `heddle reload`.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseCanary } from '../config/schema-roll.ts';
import { command, type EndWith, notes } from './command.ts';
import type { ReloadOptions } from './reload.ts';

export function addReload(program: Command, endWith: EndWith): void {
  command(program, 'reload', 'let a running process read its config again, and roll the pools whose code has changed')
    .addOption(
      new Option('-a, --address <address>', 'its admin: http://host:port, host:port, a port').conflicts('config'),
    )
    .option('-c, --config <file>', 'the config that it was started with, which has admin.address')
    .option('--roll [pools...]', 'roll these pools in any case; without names: all of them')
    .addOption(
      new Option(
        '--canary <share>',
        'try new code on a share of the calls first, as 10%; none: on all at once',
      ).argParser(share),
    )
    .addOption(
      new Option('--go-on', 'the canary of another reload goes on now').conflicts([
        'rollBack',
        'roll',
        'canary',
        'strict',
      ]),
    )
    .addOption(
      new Option('--roll-back', 'the canary of another reload is taken back now').conflicts([
        'roll',
        'canary',
        'strict',
      ]),
    )
    .option('--strict', 'change nothing if a part needs a restart, which new code may count on')
    .option('--json', 'the answer as JSON')
    .addHelpText(
      'after',
      notes({
        more: [
          'Limits, timeouts, degraders, samplers, mirrors, log levels and the like change at once. Pools whose code or size has',
          'changed are rolled: new threads load it beside the old ones, take over all calls, and the old ones finish what they',
          'have; no connection closes and no request fails. Code that does not load changes nothing. What needs a restart is',
          'named. SIGHUP does the same, where the process has no terminal. See docs/rolling.md.',
        ].join('\n'),
        examples: [
          'heddle reload',
          'heddle reload --canary 10%',
          'heddle reload --roll ranking',
          'heddle reload --address 127.0.0.1:7199 --json',
        ],
        exit: {
          ok: 'read and taken over',
          failed: 'mistakes in the config or the code, the canary was taken back, or no Heddle process answers',
        },
      }),
    )
    .action(async (options: ReloadOptions) => {
      const { reload } = await import('./reload.ts');
      endWith(await reload(options));
    });
}

function share(text: string): number {
  const parsed = parseCanary(text);
  if ('value' in parsed) return parsed.value;
  throw new InvalidArgumentError(`It ${parsed.message}.`);
}
