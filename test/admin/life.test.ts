import { createServer, type Server as NetServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { FibersAnswer, ServicesAnswer, ThreadsAnswer } from '../../admin/shapes.ts';
import { Server } from '../../net/server/server.ts';
import type { AdminSettings } from '../../runtime/settings.ts';
import { eventually, settingsOf } from '../faults/rig.ts';
import { Work } from '../faults/services/contracts.ts';
import { adminRig, ask, fibersOf, services } from './rig.ts';

const yaml = `
io: { threads: 1 }
pools: { work: { threads: 1 }, side: { threads: 1 } }
${services}`;

async function takenPort(t: ExecutionContext): Promise<number> {
  const server: NetServer = createServer();
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return (server.address() as { port: number }).port;
}

function serverWith(admin: AdminSettings): Server {
  return new Server({ ...settingsOf(yaml), admin });
}

test.serial('a taken port that nobody chose gives way to a free one', async (t) => {
  const port = await takenPort(t);
  const server = serverWith({ host: '127.0.0.1', port, portIsDefault: true });
  await server.start();
  const { address } = server.admin!;
  t.not(address, `http://127.0.0.1:${port}`);
  t.is((await ask(address!, 'GET', '/version')).status, 200);
  t.true(await server.stop());
});

test.serial('a taken port that was written down fails the start, and the error says what to do', async (t) => {
  const port = await takenPort(t);
  const server = serverWith({ host: '127.0.0.1', port, portIsDefault: false });
  await t.throwsAsync(server.start(), {
    code: 'FAILED_PRECONDITION',
    message: `cannot listen on http://127.0.0.1:${port} (admin.address): the address is in use: stop the other process, or choose another admin.address (port 0: any free one)`,
  });
});

test.serial(
  'a name is resolved before the admin thread is made, and an address that there is not fails the start',
  async (t) => {
    const named = serverWith({ host: 'localhost', port: 0, portIsDefault: false });
    await named.start();
    t.regex(named.admin!.address!, /^http:\/\/localhost:\d+$/);
    t.is((await ask(named.admin!.address!.replace('localhost', '127.0.0.1'), 'GET', '/version')).status, 200);
    await named.stop();
    const nowhere = serverWith({ host: '192.0.2.1', port: 7199, portIsDefault: true });
    await t.throwsAsync(nowhere.start(), { message: /admin\.address\): this machine has no such address/ });
  },
);

test.serial('an admin that dies comes back on its port, and knows all that the last one knew', async (t) => {
  await using rig = await adminRig(yaml);
  const work = rig.client(Work);
  await work.echo({ id: 1, text: 'x', sleepMs: 0, spinMs: 0 });
  const dead = rig.server.admin!.thread!;
  await dead.terminate();
  await eventually(
    'another one lives',
    () => rig.server.admin!.thread !== undefined && rig.server.admin!.thread !== dead,
  );
  const answers = () => ask(rig.address, 'GET', '/services').catch(() => undefined);
  let answer = await answers();
  for (let tries = 0; answer === undefined && tries < 1_000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    answer = await answers();
  }
  const { services: served } = JSON.parse(answer!.text) as ServicesAnswer;
  const { methods } = served.find(({ name }) => name === 'faults.Work')!;
  t.deepEqual(methods.find(({ name }) => name === 'echo')?.fromSockets, { OK: 1 }, 'what was counted before');
  const { threads } = await fibersOf(() => rig.get<FibersAnswer>('/fibers'));
  t.true(threads.length > 0 && threads.every(({ answered }) => answered), 'it asks the threads again');
  await work.echo({ id: 2, text: 'x', sleepMs: 0, spinMs: 0 });
  t.is((await rig.get<ThreadsAnswer>('/threads')).threads.length, 5);
});

test.serial('with address none there is no admin, and no thread of it', async (t) => {
  const server = new Server(settingsOf(yaml));
  await server.start();
  t.is(server.admin, undefined);
  t.true(await server.stop());
});
