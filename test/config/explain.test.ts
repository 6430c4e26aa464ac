// heddle config --explain: what it says beside the timeouts and bounds of read-config.test.ts.

import test, { type ExecutionContext } from 'ava';
import { explainService } from '../../config/explain-service.ts';
import { least, settled } from './read.ts';

/** Each line's cells, joined by ` | `. */
function explained(t: ExecutionContext, text: string, name: string): string[] {
  const whole = explainService(settled(t, text), name).replaceAll('test/config/fixtures/', '');
  return whole.split('\n').map((line) => line.trim().replace(/ {2,}/g, ' | '));
}

test("of what a listener forwards the listener's timeout alone is said: the others are the target's", (t) => {
  const text = `services:
  demo.Greeter:
    module: ./greeter.ts
    methods: { greet: { timeout: 100ms } }
    listen:
      - { address: "heddle://127.0.0.1:7000", forward: "heddle://10.0.0.2:7000" }
      - { address: "heddle://127.0.0.1:7001", forward: "heddle://10.0.0.2:7000", timeout: 2s }
`;
  const lines = explained(t, text, 'demo.Greeter');
  t.true(lines.includes("greet | heddle://127.0.0.1:7000 | none | the target's"));
  t.true(lines.includes('greet | heddle://127.0.0.1:7001 | 2s | binding | binding 2s (heddle.yaml:7)'));
  t.true(lines.some((line) => line.startsWith('greet | a call in the process | 100ms | method | pool 30s (default)')));
});

test('says from which size on replies are compressed', (t) => {
  const below = (text: string): string | undefined => {
    const lines = explained(t, text, 'demo.Greeter');
    return lines[lines.findIndex((line) => line.startsWith('replies compressed')) + 1];
  };
  t.is(below(least), 'none (default)');
  t.is(below(least.replace('./greeter.ts', './greeter.ts, compressAbove: 4KiB')), '4KiB (heddle.yaml:1)');
});

test('says how calls of a service go out, and where that was written', (t) => {
  const client = 'target: "heddle://a:1", maxAttempts: 1,\n compression: zstd, via: caller, ejectAfter: none';
  const lines = explained(t, `${least}clients: { shop.Stock: { ${client} } }\n`, 'shop.Stock');
  t.is(lines[1], 'client | fibers that call it go to a:1');
  t.deepEqual(lines.slice(2, lines.indexOf('')), [
    'timeout | 30s | default',
    'timeout of an attempt | none | default',
    'attempts | 1 | heddle.yaml:2',
    'retries in 100 calls | 20 | default',
    'failures that eject | none | heddle.yaml:3',
    'ejected for | 1s | default',
    'connect timeout | 1s | default',
    'balance | round-robin | default',
    'connections to each | 1 | default',
    'calls at once | 10000 | default',
    'frame | 10MB | default',
    'write buffer | 16MiB | default',
    'compression | zstd | heddle.yaml:3',
    'compressed from | 8KiB | default',
    "sockets | on each caller's thread | heddle.yaml:3",
  ]);
});
