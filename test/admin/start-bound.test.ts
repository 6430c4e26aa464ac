import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { AdminHost } from '../../admin/admin-host.ts';
import { Server } from '../../net/server/server.ts';
import { serverAdmin } from '../../net/server/server-admin.ts';
import { systemClock } from '../../runtime/clock.ts';
import { startLogThread } from '../../runtime/log/hub.ts';
import { eventually, settingsOf } from '../faults/rig.ts';
import { Modules } from '../runtime/plugins/modules.ts';
import { ask, services } from './rig.ts';

const yaml = `
io: { threads: 1 }
pools: { work: { threads: 1 }, side: { threads: 1 } }
admin: { address: "http://127.0.0.1:0" }
${services}`;

/** The admin of a server that is not started, with a plugin on its thread whose install is `body`. */
async function adminWith(t: ExecutionContext, body: string, startMs: number): Promise<AdminHost> {
  const modules = new Modules(t);
  const plugin = modules.plugin('hangs', `threads: ["admin"], install() { ${body} }`);
  const settings = { ...settingsOf(yaml), plugins: [plugin] };
  const server = new Server(settings);
  await server.plugins.start();
  const logHub = startLogThread(settings.log);
  const host = serverAdmin({
    server,
    configText: undefined,
    configFile: undefined,
    logHub,
    state: () => 'running',
    drain: () => {},
    startMs,
    clock: systemClock,
  })!;
  t.teardown(() => host.stop());
  return host;
}

test.serial(
  'a plugin that hangs the admin thread fails the start within its bound, and the thread is ended',
  async (t) => {
    const host = await adminWith(t, 'for (;;);', 500);
    const error = await t.throwsAsync(host.start(), { code: 'DEADLINE_EXCEEDED' });
    t.is(error?.message, 'the admin thread did not listen within 500ms; does a plugin hang in install?');
    await eventually('it has ended', () => host.thread === undefined);
  },
);

test.serial('an admin whose next thread hangs in install tries again until one listens', async (t) => {
  t.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'heddle-admin-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const flag = join(folder, 'hang');
  const body = `if (process.getBuiltinModule('node:fs').existsSync(${JSON.stringify(flag)})) for (;;);`;
  const host = await adminWith(t, body, 4_000);
  await host.start();
  const first = host.thread!;
  writeFileSync(flag, '');
  await first.terminate();
  await eventually('another hangs', () => host.thread !== undefined && host.thread !== first);
  const second = host.thread!;
  await eventually('it is ended', () => host.thread !== second);
  rmSync(flag);
  await eventually('one comes that does not hang', () => host.thread !== undefined && host.thread !== second);
  const serves = async () => (await ask(host.address!, 'GET', '/version').catch(() => undefined))?.status === 200;
  for (const endMs = performance.now() + 20_000; !(await serves()); ) t.true(performance.now() < endMs);
});
