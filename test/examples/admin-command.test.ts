// The example's own files, on free ports: what is asked for on several threads is seen by operators.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { eventually } from '../faults/rig.ts';
import { serveExample } from './serve-example.ts';

const folder = new URL('../../examples/admin-command/', import.meta.url);

test('the command shows what the service was asked for, and refuses what it can not read', async (t) => {
  const server = await serveExample(t, 'admin-command/heddle.yaml', ['admin.address=http://127.0.0.1:0']);
  const service = `http://127.0.0.1:${server.addresses[0]!.port}/demo.Films/show`;
  for (const title of ['Alien', 'Heat', 'Alien', 'Alien', 'Heat', 'Fantasia', 'Jaws']) {
    const { status } = await fetch(`${service}?title=${title}`);
    t.is(status, title === 'Jaws' ? 404 : 200);
  }
  const ask = async (path: string) => {
    const answer = await fetch(`${server.admin!.address}${path}`);
    return { status: answer.status, text: await answer.text() };
  };
  const all = '3  Alien\n2  Heat\n1  Fantasia\n';
  let seen = '';
  const look = () => void ask('/hot-films').then(({ text }) => (seen = text));
  await eventually('the counts of all threads', () => {
    look();
    return seen === all;
  });
  t.deepEqual(await ask('/hot-films?limit=1'), { status: 200, text: '3  Alien\n' });
  const refused = await ask('/hot-films?limit=none');
  t.is(refused.status, 400);
  t.true(refused.text.includes('limit must be a number from 1 on'));
  t.true((await ask('/')).text.includes('/hot-films'));
});

test('the plugin has at most 40 lines', (t) => {
  t.true(readFileSync(new URL('hot-films.ts', folder), 'utf8').trimEnd().split('\n').length <= 41);
});
