import test from 'ava';
import {
  ConnectFailures,
  ConnectFailuresByAddress,
  connectLogEveryMs,
  failedAddressesMax,
} from '../../../net/client/connect-failures.ts';
import { HeddleError } from '../../../runtime/errors.ts';
import { type Logger, silentLogger } from '../../../runtime/logger.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';
import { openChannel, until } from './channel-helpers.ts';
import { deadPort, ScriptedServer } from './scripted-server.ts';

type Line = [message: string, fields: object];

function listening(): { lines: Line[]; log: Logger } {
  const lines: Line[] = [];
  const write = (fields: object, message: string): void => void lines.push([message, fields]);
  return { lines, log: { ...silentLogger, info: write, warn: write } };
}

test('the log names the target and the address to which no connection comes up, and says when one does', async (t) => {
  const { lines, log } = listening();
  const port = await deadPort();
  const address = `127.0.0.1:${port}`;
  await using client = openChannel([port], { connections: 2, backoffFirstMs: 5, backoffMaxMs: 5 }, { log });
  client.channel.open();
  const failures = (): number => client.events.filter((event) => event === 'client-connect-failed').length;
  await until(() => failures() > 4);
  await using _server = await ScriptedServer.open({ onRequest: () => {}, port });
  await until(() => client.channel.stats.ready === 2);
  const reason = `${address}: no connection (ECONNREFUSED)`;
  t.deepEqual(lines, [
    [
      'no connection comes up; it is tried again and again',
      { target: 'demo.Echo', address, reason, failuresBefore: 0 },
    ],
    ['a connection is up again', { target: 'demo.Echo', address }],
  ]);
});

test('it does so once a minute', (t) => {
  const { lines, log } = listening();
  const clock = new VirtualClock();
  const failures = new ConnectFailures({ clock, log }, 'the mirror', 'b:1');
  for (let second = 0; second <= connectLogEveryMs / 1_000; second++) {
    failures.add(new HeddleError('UNAVAILABLE', 'b:1: down'));
    clock.advanceSync(1_000);
  }
  const counts = lines.map(([, fields]) => (fields as { failuresBefore: number }).failuresBefore);
  t.deepEqual(counts, [0, connectLogEveryMs / 1_000 - 1]);
});

test('an address that went is remembered for a minute after its line, the newest of too many', (t) => {
  const { log } = listening();
  const clock = new VirtualClock();
  const all = new ConnectFailuresByAddress({ clock, log }, 'demo.Echo');
  const stays = all.at('stays:1');
  const present = new Set(['stays:1']);
  const failed = Array.from({ length: failedAddressesMax + 1 }, (_, index) => all.at(`a${index}:1`));
  const newest = failed[failedAddressesMax]!;
  for (const one of failed) one.add(new HeddleError('UNAVAILABLE', 'down'));
  const fine = all.at('fine:1');
  all.keep(present);
  t.not(all.at('a0:1'), failed[0]!);
  t.is(all.at(`a${failedAddressesMax}:1`), newest);
  t.not(all.at('fine:1'), fine, 'nothing was said of it');
  clock.advanceSync(connectLogEveryMs);
  all.keep(present);
  t.not(all.at(`a${failedAddressesMax}:1`), newest);
  t.is(all.at('stays:1'), stays);
});
