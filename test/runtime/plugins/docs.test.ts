// The example of docs/plugins.md, run as it stands there.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { readConfig } from '../../../config/read-config.ts';
import { Server } from '../../../net/server/server.ts';
import { disposeTimeoutMs, installTimeoutMs } from '../../../runtime/plugins/install.ts';
import { loadTimeoutMs } from '../../../runtime/plugins/plan.ts';
import { settingsOf } from '../../faults/rig.ts';
import { Modules } from './modules.ts';

const page = readFileSync(new URL('../../../docs/plugins.md', import.meta.url), 'utf8');
const blocks = [...page.matchAll(/^```(ts|yaml)\n([\s\S]*?)^```$/gm)].map(([, , code]) => code!);

test('the example answers as the page says', async (t) => {
  const [plugin = '', yaml = ''] = blocks;
  const modules = new Modules(t);
  const index = JSON.stringify(new URL('../../../index.ts', import.meta.url).href);
  modules.write('uptime.ts', plugin.replace("'heddle'", index));
  modules.write('greeter.ts', '');
  const services = 'services: { demo.Greeter: { module: ./greeter.ts } }\n';
  const read = readConfig({ file: modules.path('heddle.yaml'), text: `${yaml}${services}`, environment: {} });
  t.deepEqual(read.problems, []);
  const base = settingsOf(
    'services: { faults.Work: { module: ./work.ts, pool: { threads: 1 } } }\nadmin: { address: "http://127.0.0.1:0" }',
  );
  const server = new Server({ ...base, plugins: read.settings!.plugins });
  t.teardown(() => server.stop());
  await server.start();
  const answer = await fetch(`${server.admin!.address}/uptime`);
  t.regex(await answer.text(), /^alive for \d+ s\n$/);
});

test('the bounds of the page are those of the code', (t) => {
  t.true(page.includes(`main loads all plugins (${loadTimeoutMs / 1000} s for each)`));
  t.true(page.includes(`together have\n   ${installTimeoutMs / 1000} s`));
  t.true(page.includes(`Together they have\n   ${disposeTimeoutMs} ms`));
});
