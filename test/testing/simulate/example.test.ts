// The example that docs/testing.md shows runs, under Node's own test runner.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('the searches of examples/movies are simulated under node:test', (t) => {
  const { FORCE_COLOR: _color, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const said = execFileSync(process.execPath, ['--test', '--test-reporter=tap', 'examples/movies/search.test.ts'], {
    cwd: root,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.regex(said, /^# pass 3$/m);
});
