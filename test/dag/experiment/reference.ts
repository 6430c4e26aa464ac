// A second implementation of the bucketing in docs/experiments.md, for the tests and for the published vectors: written
// from the description in big integers over bytes, sharing nothing with dag/.

const mask = 0xffff_ffffn;

const rotate = (word: bigint, bits: bigint): bigint => ((word << bits) | (word >> (32n - bits))) & mask;
const times = (left: bigint, right: bigint): bigint => (left * right) & mask;

function scrambled(bytes: Uint8Array): bigint {
  let word = 0n;
  for (const byte of [...bytes].reverse()) word = (word << 8n) | BigInt(byte);
  return times(rotate(times(word, 0xcc9e2d51n), 15n), 0x1b873593n);
}

/** MurmurHash3 x86 32 of the UTF-8 of a text. */
export function referenceHash(text: string, seed: number): number {
  const bytes = new TextEncoder().encode(text);
  const blocks = Math.floor(bytes.length / 4);
  let hash = BigInt(seed);
  for (let block = 0; block < blocks; block++) {
    hash ^= scrambled(bytes.slice(block * 4, block * 4 + 4));
    hash = (rotate(hash, 13n) * 5n + 0xe6546b64n) & mask;
  }
  hash ^= scrambled(bytes.slice(blocks * 4));
  hash ^= BigInt(bytes.length);
  hash = times(hash ^ (hash >> 16n), 0x85ebca6bn);
  hash = times(hash ^ (hash >> 13n), 0xc2b2ae35n);
  return Number(hash ^ (hash >> 16n));
}

export function referenceSlot(unit: string, seed: number): number {
  return Number((BigInt(referenceHash(unit, seed)) * 1_000_000n) >> 32n);
}

export interface Vectors {
  description: string;
  hashes: { text: string; seed: number; hash: number }[];
  assignments: {
    unit: string | number;
    layerSalt: string;
    experiment: string;
    slotSeed: number;
    slot: number;
    variantSeed: number;
    variantPoint: number;
    samplerSeed: number;
    samplerPoint: number;
  }[];
}

const texts = [
  '',
  'a',
  'ab',
  'abc',
  'abcd',
  'abcde',
  'Hello, world!',
  'The quick brown fox jumps over the lazy dog',
  '0',
  '42',
  '-7',
  '007',
  ' 42',
  '9007199254740991',
  '4fd3cbd2-8f0f-4a52-9d9d-3b1f5bb8e6a1',
  'user@example.org',
  'a\u0000b',
  'é',
  'e\u0301',
  'größe',
  'пользователь-1',
  '用户一号',
  'ユーザー',
  'مستخدم',
  'π',
  'aπ',
  'aaπ',
  'aaaπ',
  '€',
  'a€',
  'aa€',
  'aaa€',
  '🧵',
  'a🧵',
  'aa🧵',
  'aaa🧵',
  '👩‍👩‍👧‍👦',
  'x'.repeat(255),
  'long-'.repeat(200),
  '界'.repeat(300),
];

const units = [...texts.filter((text) => text !== ''), 0, 42, -7, 1234567890, Number.MAX_SAFE_INTEGER];

const places = [
  { layerSalt: 'ranking', experiment: 'new-model' },
  { layerSalt: 'слой-2', experiment: 'button.color_v2' },
];

/** What docs/experiments-vectors.json holds. */
export function makeVectors(): Vectors {
  return {
    description:
      'Conformance vectors of docs/experiments.md. hashes: MurmurHash3 x86 32 of the UTF-8 of text. assignments: the slot of a unit in a layer, and its points in the split and in the sampler of an experiment of that layer; a unit that is a number is hashed as its decimal text.',
    hashes: texts.flatMap((text) =>
      [0, 1, 0x9747b28c].map((seed) => ({ text, seed, hash: referenceHash(text, seed) })),
    ),
    assignments: places.flatMap(({ layerSalt, experiment }) =>
      units.map((unit) => {
        const slotSeed = referenceHash(layerSalt, 1);
        const variantSeed = referenceHash(`${layerSalt}/${experiment}`, 2);
        const samplerSeed = referenceHash(`${layerSalt}/${experiment}`, 3);
        const text = String(unit);
        return {
          unit,
          layerSalt,
          experiment,
          slotSeed,
          slot: referenceSlot(text, slotSeed),
          variantSeed,
          variantPoint: referenceSlot(text, variantSeed),
          samplerSeed,
          samplerPoint: referenceSlot(text, samplerSeed),
        };
      }),
    ),
  };
}

/** The file's text: one vector a line, so that a change shows in a diff. */
export function vectorsText({ description, hashes, assignments }: Vectors): string {
  const lines = (list: unknown[]) => list.map((one) => `    ${JSON.stringify(one)}`).join(',\n');
  return `{
  "description": ${JSON.stringify(description)},
  "hashes": [
${lines(hashes)}
  ],
  "assignments": [
${lines(assignments)}
  ]
}
`;
}
