// The scenario `large`: long bodies go in and out as they are; what it measures is nobody's business here.

import test from 'ava';
import { bodyOf, checkBody } from '../../bench/scenarios/large/body.ts';
import { large } from '../../bench/scenarios/large.ts';

test('an answer that differs in one byte, or in length, is not right', (t) => {
  const sent = bodyOf(1000);
  checkBody(bodyOf(1000), sent);
  const other = bodyOf(1000);
  other[999]! ^= 1;
  t.throws(() => checkBody(other, sent), { message: /not what was sent/ });
  t.throws(() => checkBody(sent.subarray(1), sent), { message: /999 bytes instead of 1000/ });
});

test('bodies of all sizes come back, and each row says how many bytes a second that is', async (t) => {
  const { rows, comparison, columns } = await large.run({ seconds: 1, onStep: () => {} });
  t.deepEqual(
    rows.map(([name]) => name),
    ['64 KiB', '1 MiB', '8 MiB'].flatMap((size) => [`${size}, heddle`, `${size}, heddle, IO thread`]),
  );
  t.is(columns.at(-1), 'MB/s');
  const { perSecond } = comparison!.shapes[2]!.sides[0]!;
  t.is(rows[4]!.at(-1), ((2 * 8 * 2 ** 20 * perSecond.median) / 1e6).toFixed(0));
});
