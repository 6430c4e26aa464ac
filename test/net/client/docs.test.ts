import { readFileSync } from 'node:fs';
import test from 'ava';
import { checkOptions } from '../../../net/client/options.ts';

const page = readFileSync(new URL('../../../docs/clients.md', import.meta.url), 'utf8');

test('docs/clients.md names every option with its default', (t) => {
  const { name: _name, addresses: _addresses, ...options } = checkOptions({ target: 'heddle://127.0.0.1:1' });
  const rows = new Map(
    // Four columns: the other table, of config keys, has two.
    [...page.matchAll(/^\| `(\w+)`\s+\| `?([^|`]*?)`?\s+\|[^|]*\|[^|]*\|$/gm)].map(([, name, initial]) => [
      name,
      initial,
    ]),
  );
  for (const [name, initial] of Object.entries(options)) {
    t.is(rows.get(name), typeof initial === 'number' ? initial.toLocaleString('en') : initial, name);
  }
});
