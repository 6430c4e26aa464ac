// A service answers only where its `listen` says, by either protocol; fibers of the process reach it all the same.

import test from 'ava';
import { connect } from '../../net/client/connect.ts';
import { rejection } from './rejection.ts';
import { Probe } from './services/contracts.ts';
import { startSpine } from './spine.ts';

test('a service does not exist behind a listener that it does not name', async (t) => {
  await using spine = await startSpine(`
pools: { one: { threads: 1 } }
services:
  test.Probe: { module: ./probe.ts, pool: one }
  test.Relay: { module: ./relay.ts, pool: one, listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"] }
`);
  await using probe = connect(Probe, { target: `heddle://${spine.address('heddle')}` });
  const error = await rejection(probe.greet({ name: 'Ada' }));
  t.is(error.code, 'NOT_FOUND');
  t.regex(error.message, /no service "test\.Probe" here/);
  const answer = await fetch(`http://${spine.address('http')}/test.Probe/greet?name=Ada`);
  t.is(answer.status, 404);
  await answer.text();
});
