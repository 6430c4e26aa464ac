// The scenario `large`: what it costs a server to take long bodies and to send them back, bytes that no codec looks into.

import { compare } from '../measure/compare.ts';
import type { Comparison, OwnSide, Shape } from '../measure/comparison.ts';
import { comparisonColumns, comparisonMethod, comparisonRows } from '../measure/comparison-report.ts';
import type { Scenario } from '../scenario.ts';

const [kiB, miB] = [2 ** 10, 2 ** 20];

interface LargeShape extends Shape {
  readonly params: { readonly bytes: number };
}

const shapes: readonly LargeShape[] = [
  { name: '64 KiB', bytes: 64 * kiB, inFlight: 16 },
  { name: '1 MiB', bytes: miB, inFlight: 4 },
  { name: '8 MiB', bytes: 8 * miB, inFlight: 2 },
].map(({ name, bytes, inFlight }) => ({
  name,
  connections: Math.min(4, inFlight),
  loads: [{ kind: 'call', shape: { kind: 'closed', inFlight } }],
  params: { bytes },
}));

const script = {
  server: import.meta.resolve('./large/server.ts'),
  client: import.meta.resolve('./large/client.ts'),
};
const own: readonly OwnSide[] = [
  { name: 'heddle', ...script, params: { pool: 'cpu' } },
  { name: 'heddle, IO thread', ...script, params: { pool: 'io' } },
];

export const large: Scenario = {
  name: 'large',
  what: 'bodies of 64 KiB, 1 MiB and 8 MiB, bytes in and out: server CPU per request, and MB/s',
  seconds: 90,
  peers: ['grpc-js', 'avsc'],
  run: async ({ seconds, peers = [], onStep }) => {
    const comparison = await compare({ scenario: 'large', own, peers, shapes, seconds, onStep });
    return {
      method: [
        'Load: a closed loop, 16 calls in flight at 64 KiB over 4 connections, 4 over 4 at 1 MiB, 2 over 2 at 8 MiB; what comes back is compared byte',
        'by byte. MB/s: bodies in and bodies out together, 10^6 bytes. “heddle”: one IO thread, one CPU thread; “heddle, IO thread”: one thread, as the peers.',
        ...comparisonMethod(comparison),
      ],
      columns: [...comparisonColumns, 'MB/s'],
      rows: rowsOf(comparison),
      goals: [],
      comparison,
      data: {},
    };
  },
};

function rowsOf(comparison: Comparison): string[][] {
  return comparison.shapes.flatMap((shape) => {
    const { bytes } = shapes.find(({ name }) => name === shape.name)!.params;
    return shape.sides.flatMap((side) =>
      comparisonRows({ ...comparison, shapes: [{ ...shape, sides: [side] }] }).map((row) => [
        ...row,
        ((2 * bytes * side.perSecond.median) / 1e6).toFixed(0),
      ]),
    );
  });
}
