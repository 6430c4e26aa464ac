// `mirror` and `forward` of listen entries: what they come to, and what is wrong with them.

import test from 'ava';
import { explainService } from '../../config/explain-service.ts';
import { problemsOf, settled } from './read.ts';

/** Services that all listen on these entries. */
function listening(...entries: string[]): string {
  const services = entries.map((entry, index) => `demo.S${index}: { module: ./greeter.ts, listen: [${entry}] }`);
  return `services:\n${services.map((line) => `  ${line}\n`).join('')}`;
}

const address = 'address: "heddle://127.0.0.1:7000"';

test('mirrors and a forward target belong to the listener, whichever of its services says so', (t) => {
  const mirror = 'mirror: [{ target: "heddle://10.0.0.9:7000,[::1]:7001", percent: 0.5 }]';
  const text = listening(
    `{ ${address}, ${mirror} }`,
    `{ ${address}, forward: "heddle://far.example:7000" }`,
    '"heddle://127.0.0.1:7000"',
    '"http://127.0.0.1:7080"',
  );
  const { settings, origins } = settled(t, text);
  const [one, two, three, http] = settings.services.map(({ listen }) => listen[0]!.traffic);
  t.deepEqual(one, {
    mirror: [
      {
        addresses: [
          { host: '10.0.0.9', port: 7000 },
          { host: '::1', port: 7001 },
        ],
        percent: 0.5,
      },
    ],
    forward: [{ host: 'far.example', port: 7000 }],
  });
  t.deepEqual([two, three], [one, one]);
  t.deepEqual(http, { mirror: [] });
  const explained = explainService({ settings, origins }, 'demo.S2');
  t.regex(explained, /mirror +0\.5 % to heddle:\/\/10\.0\.0\.9:7000,\[::1\]:7001 +\S*heddle\.yaml:2\n/);
  t.regex(explained, /forward +heddle:\/\/far\.example:7000 +\S*heddle\.yaml:3\n/);
});

const mistakes: [what: string, entry: string, problem: RegExp][] = [
  ['a share over 100', 'mirror: [{ target: "heddle://a:1", percent: 101 }]', /percent.*0 to 100/],
  ['no share', 'mirror: [{ target: "heddle://a:1" }]', /percent is missing/],
  ['another protocol', 'forward: "http://10.0.0.2:7080"', /speaks "http"/],
  ['a port of its own', 'forward: "heddle://localhost:7000"', /heddle:\/\/127\.0\.0\.1:7000 forwards to itself/],
  [
    'a mirror of its own',
    'mirror: [{ target: "heddle://a:1,localhost:7000", percent: 1 }]',
    /heddle\.yaml:2:\d+: heddle:\/\/127\.0\.0\.1:7000 mirrors to itself/,
  ],
  [
    'the same mirror twice',
    'mirror: [{ target: "heddle://a:1", percent: 1 }, { target: "heddle://b:1,a:1", percent: 2 }]',
    /two mirrors of heddle:\/\/127\.0\.0\.1:7000 name a:1: give it one, with the share of both/,
  ],
  [
    'nine mirrors',
    `mirror: [${Array.from({ length: 9 }, () => '{ target: "heddle://a:1", percent: 1 }').join()}]`,
    /at most 8/,
  ],
];

for (const [what, entry, problem] of mistakes) {
  test(`refused: ${what}`, (t) => {
    t.regex(problemsOf(listening(`{ ${address}, ${entry} }`)), problem);
  });
}

test('refused: two services that say different things of one listener', (t) => {
  const entries = ['heddle://a:1', 'heddle://b:1'].map((target) => `{ ${address}, forward: "${target}" }`);
  t.regex(
    problemsOf(listening(...entries)),
    /forward of heddle:\/\/127\.0\.0\.1:7000 is another one at heddle\.yaml:2: one listener has one/,
  );
});
