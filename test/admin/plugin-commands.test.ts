import { connect } from 'node:net';
import test from 'ava';
import { Server } from '../../net/server/server.ts';
import { settingsOf } from '../faults/rig.ts';
import { Modules } from '../runtime/plugins/modules.ts';
import { ask, services } from './rig.ts';

const yaml = `
io: { threads: 1 }
pools: { work: { threads: 1 }, side: { threads: 1 } }
admin: { address: "http://127.0.0.1:0" }
${services}`;

/** Requests under way at once. */
const requestsMax = 64;

test.serial('a command that answers nothing answers null, and requests over the bound get 429', async (t) => {
  const modules = new Modules(t);
  const plugin = modules.plugin(
    'gate',
    `threads: ['admin'], install(host) {
  const gate = Promise.withResolvers();
  host.adminCommand({ path: '/nothing', verb: 'GET', summary: 'Nothing.', run: () => {} });
  host.adminCommand({ path: '/wait', verb: 'GET', summary: 'Waits.', timeoutMs: 30_000, run: () => gate.promise });
  host.onDrain(() => gate.resolve('through'));
}`,
  );
  const server = new Server({ ...settingsOf(yaml), plugins: [plugin] });
  t.teardown(() => server.stop());
  await server.start();
  const { address } = server.admin!;
  const nothing = await ask(address!, 'GET', '/nothing');
  t.deepEqual([nothing.status, nothing.text], [200, 'null\n']);

  const socket = connect(Number(new URL(address!).port), '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.write('GET /wait HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(requestsMax));
  // The pipelined ones may come in several reads.
  let other = await ask(address!, 'GET', '/version');
  for (const endMs = performance.now() + 20_000; other.status !== 429; other = await ask(address!, 'GET', '/version')) {
    t.true(performance.now() < endMs);
  }
  t.is(JSON.parse(other.text).error, `${requestsMax} requests are under way here already; try again`);
});
