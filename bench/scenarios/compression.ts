// The scenario `compression`: what the built-in compressors cost and save on a body like those of services: JSON, a list
// of records with repeated names, words and numbers. One thread, the functions that fibers call.

import { gzip } from '../../net/compression/gzip.ts';
import { zstd } from '../../net/compression/zstd.ts';
import type { CompressorDefinition } from '../../runtime/plugins/compressor.ts';
import { spreadOf } from '../measure/pairs.ts';
import type { Scenario, ScenarioOptions, ScenarioReport } from '../scenario.ts';

const bodyBytes = [8_192, 102_400] as const;
const compressors: readonly { level: number; make: (level: number) => CompressorDefinition }[] = [
  ...[1, 4, 6, 9].map((level) => ({ level, make: gzip })),
  ...[1, 3, 5, 9].map((level) => ({ level, make: zstd })),
];
/** At least 7, so that a median means something. */
const rounds = 9;

export const compression: Scenario = {
  name: 'compression',
  what: 'gzip and zstd at several levels, on JSON of 8 and 100 KiB: ratio and CPU per MB',
  seconds: 20,
  run: measure,
};

interface Row {
  readonly compressor: string;
  readonly bodyBytes: number;
  readonly compressedBytes: number;
  /** CPU ms per MB (10^6 bytes) of the plain body, medians. */
  readonly compressMs: number;
  readonly decompressMs: number;
}

async function measure({ seconds, onStep }: ScenarioOptions): Promise<ScenarioReport> {
  const sampleMs = (seconds * 1000) / (bodyBytes.length * compressors.length * 2 * (rounds + 1));
  const rows: Row[] = [];
  for (const bytes of bodyBytes) {
    const body = jsonBody(bytes);
    for (const { level, make } of compressors) {
      const { name, compress, decompress } = make(level);
      onStep(`${name} ${level} on ${bytes} bytes`);
      const small = Buffer.from(compress(body));
      rows.push({
        compressor: `${name} ${level}`,
        bodyBytes: body.length,
        compressedBytes: small.length,
        compressMs: msPerMb(() => compress(body), body.length, sampleMs),
        decompressMs: msPerMb(() => decompress(small, body.length), body.length, sampleMs),
      });
    }
  }
  return {
    method: [
      `CPU: user and system time of the process per 10^6 plain bytes, median of ${rounds} samples.`,
      'The body: a JSON list of films, each with numbers, words out of 18, and an address.',
    ],
    columns: ['', 'plain bytes', 'compressed', 'ratio', 'compress ms/MB', 'decompress ms/MB'],
    rows: rows.map((row) => [
      row.compressor,
      String(row.bodyBytes),
      String(row.compressedBytes),
      (row.bodyBytes / row.compressedBytes).toFixed(1),
      row.compressMs.toFixed(1),
      row.decompressMs.toFixed(1),
    ]),
    goals: [],
    data: { rows },
  };
}

/** After one sample that warms up. */
function msPerMb(run: () => void, bytes: number, sampleMs: number): number {
  const samples: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const endMs = performance.now() + sampleMs;
    const before = process.cpuUsage();
    let runs = 0;
    do {
      run();
      runs++;
    } while (performance.now() < endMs);
    const { user, system } = process.cpuUsage(before);
    if (round > 0) samples.push((user + system) / 1000 / ((runs * bytes) / 1e6));
  }
  return spreadOf(samples).median;
}

const words =
  'matrix star wars heat alien blade runner inception memento vertigo psycho jaws rocky fargo seven ran brazil up'.split(
    ' ',
  );

/** Always the same. */
function jsonBody(bytes: number): Buffer {
  let seed = 7;
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  const word = (): string => words[Math.floor(random() * words.length)]!;
  const films: string[] = [];
  for (let length = 0; length < bytes; length += films.at(-1)!.length + 1) {
    films.push(
      JSON.stringify({
        id: Math.floor(random() * 1e9),
        title: `${word()} ${word()} ${word()}`,
        year: 1930 + Math.floor(random() * 95),
        rating: Math.round(random() * 100) / 10,
        score: random(),
        genres: [word(), word()],
        url: `https://example.org/films/${Math.floor(random() * 1e9).toString(36)}`,
      }),
    );
  }
  return Buffer.from(`{"films":[${films.join(',')}]}`);
}
