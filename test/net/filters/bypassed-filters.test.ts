// Filters that forwarded calls do not pass: operators are told, at the start and when a reload makes it so.

import test from 'ava';
import { LogLines } from '../../faults/log-lines.ts';
import { eventually, settingsOf, startRig } from '../../faults/rig.ts';

test('a listener that forwards past filters is told of once, at the start and by the reload that makes it so', async (t) => {
  const log = new LogLines();
  const yaml = (first: string, second: string, filters = 'filters: [outer]') => `
io: { threads: 1 }
pools: { work: { threads: 1 } }
plugins: [../../net/filters/fixtures/filters.ts]
${filters}
services:
  demo.Echo:
    module: ../../net/filters/fixtures/echo.ts
    pool: work
    filters: [inner]
    listen: [{ address: "heddle://127.0.0.1:0"${first} }, { address: "http://127.0.0.1:0"${second} }]
${log.yaml}
`;
  const forward = ', forward: "heddle://127.0.0.1:9"';
  await using rig = await startRig(yaml(forward, ''));
  const { server } = rig;
  const told = () => log.read().filter(({ msg }) => /past the filters/.test(msg));
  await eventually('the start tells', () => told().length === 1);
  t.like(told()[0], { level: 'warn', listener: 'heddle://127.0.0.1:0', target: '127.0.0.1:9' });
  t.deepEqual(told()[0]!.filters, ['outer', 'inner']);
  await server.reload(settingsOf(yaml(forward, forward)));
  await eventually('a reload tells', () => told().length === 2);
  t.is(told()[1]!.listener, 'http://127.0.0.1:0');
  await server.reload(settingsOf(yaml('', forward)));
  await server.reload(settingsOf(yaml(forward, forward)));
  await eventually('a forward that comes back is told of', () => told().length === 3);
  t.is(told()[2]!.listener, 'heddle://127.0.0.1:0');
});
