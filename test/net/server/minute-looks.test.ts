import test from 'ava';
import { MinuteLooks } from '../../../net/server/minute-looks.ts';
import { codeNumber } from '../../../runtime/errors.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { emptyMethodCounts, type MethodCounts } from '../../../runtime/shared/method-counters.ts';
import { refusalReasons } from '../../../runtime/shared/refusal.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

/** So many services with one method each, and what is written about them. */
function rig(services: number) {
  const clock = new VirtualClock();
  const lines: { fields: object; message: string }[] = [];
  const counts = Array.from({ length: services }, emptyMethodCounts);
  const methods = counts.map((_, index) => ({ service: `s.S${index}`, index, column: index + 1 }));
  const part = new MinuteLooks({
    table: { methods },
    supervisor: { methodCounts: (row) => counts[row]!, loads: { limit: (column) => (column === 1 ? 5.7 : 0) } },
    clock,
    log: { ...silentLogger, warn: (fields, message) => lines.push({ fields, message }) },
  });
  return { clock, lines, counts, part };
}

function refuse(counts: MethodCounts, reason: (typeof refusalReasons)[number], count: number): void {
  counts.refused[refusalReasons.indexOf(reason)]! += count;
}

test('a service that refuses says so once a minute: how many, why, and its limit', async (t) => {
  const { clock, lines, counts, part } = rig(2);
  await part.start();
  await clock.advance(120_000);
  t.deepEqual(lines, [], 'nothing is refused, nothing is said');
  refuse(counts[0]!, 'adaptive', 3100);
  refuse(counts[0]!, 'queue', 229);
  await clock.advance(60_000);
  const message = 's.S0 refused 3,329 requests in the last minute: 3,100 adaptive (limit 5 now), 229 queue';
  const fields = { service: 's.S0', refused: 3329, reasons: { adaptive: 3100, queue: 229 } };
  t.deepEqual(lines.splice(0), [{ fields: { ...fields, adaptiveLimit: 5.7, seconds: 60 }, message }]);
  await clock.advance(60_000);
  t.deepEqual(lines, [], 'what was said is not said again');
  refuse(counts[1]!, 'rate', 1);
  await clock.advance(12_000);
  await part.stop();
  t.deepEqual(
    lines.map((line) => line.message),
    ['s.S1 refused 1 request in the last 12 s: 1 rate'],
  );
  t.is(clock.pending, 0);
});

test('many services that refuse have twenty lines, and one for the rest', async (t) => {
  const { clock, lines, counts, part } = rig(30);
  await part.start();
  for (const [at, one] of counts.entries()) refuse(one, 'queue', at + 1);
  await clock.advance(60_000);
  t.is(lines.length, 21);
  t.regex(lines[0]!.message, /^s\.S29 refused 30 requests/);
  t.is(lines.at(-1)!.message, '10 other services refused 55 requests in the last minute');
  await part.stop();
});

test('what is recent are the last minutes, without what was cancelled or refused at the door', async (t) => {
  const { clock, counts, part } = rig(1);
  const { codes } = counts[0]!;
  await part.start();
  codes.socket[0]! += 1000;
  codes.socket[codeNumber('INTERNAL')]! += 900;
  t.deepEqual(part.recent(0), { answers: 1900, errors: 900 }, 'since the process began');
  await clock.advance(5 * 60_000);
  codes.socket[0]! += 90;
  codes.fiber[codeNumber('UNAVAILABLE')]! += 10;
  codes.socket[codeNumber('CANCELLED')]! += 50;
  codes.socket[codeNumber('RESOURCE_EXHAUSTED')]! += 7;
  refuse(counts[0]!, 'adaptive', 5);
  refuse(counts[0]!, 'queue', 2);
  t.deepEqual(part.recent(0), { answers: 102, errors: 12 }, 'an incident of an hour ago says nothing');
  await part.stop();
});
