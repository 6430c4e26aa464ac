// The arena: blocks of one owner, freed by others. A shadow map of the smallest blocks says what may be handed out.

import test from 'ava';
import fc from 'fast-check';
import { Arena, ArenaReader } from '../../../runtime/shared/arena.ts';
import { arenaBlockBytes } from '../../../runtime/shared/layout.ts';

interface Lease {
  block: number;
  generation: number;
  /** Smallest blocks that it covers. */
  blocks: number;
  mark: number;
  freed: boolean;
  givenUp: boolean;
}

type Step =
  | { type: 'allocate'; bytes: number }
  | { type: 'giveUp' | 'free' | 'staleFree'; which: number }
  | { type: 'leased' };

const bytes = fc.oneof(
  fc.nat(4 * arenaBlockBytes),
  fc.nat(16 * arenaBlockBytes),
  fc.constantFrom(0, 1, arenaBlockBytes, arenaBlockBytes + 1, 16 * arenaBlockBytes),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('allocate'), bytes }) },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constantFrom('giveUp', 'free', 'staleFree'), which: fc.nat(100) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('leased') }) },
);

/** An arena beside the map that says what it must do. */
class MappedArena {
  readonly arena: Arena;
  readonly reader: ArenaReader;
  readonly leases: Lease[] = [];
  readonly ended: Lease[] = [];
  readonly #owners: (Lease | undefined)[];
  #marks = 0;

  constructor(memory: SharedArrayBuffer, blocks: number) {
    this.arena = new Arena(memory);
    this.reader = new ArenaReader(memory);
    this.#owners = new Array<Lease | undefined>(blocks).fill(undefined);
  }

  do(one: Step): void {
    if (one.type === 'allocate') this.#allocate(one.bytes);
    else if (one.type === 'leased') check(this.arena.leased === this.leases.length, 'leased');
    else if (one.type === 'staleFree') {
      const stale = this.ended[one.which % Math.max(1, this.ended.length)];
      if (stale !== undefined) this.reader.free(stale.block, stale.generation);
    } else {
      const flag = one.type === 'free' ? 'freed' : 'givenUp';
      const open = this.leases.filter((lease) => !lease[flag]);
      const lease = open[one.which % Math.max(1, open.length)];
      if (lease !== undefined) this.end(lease, flag);
    }
  }

  end(lease: Lease, flag: 'freed' | 'givenUp'): void {
    lease[flag] = true;
    if (flag === 'freed') {
      const start = this.reader.offset(lease.block);
      const body = this.reader.bytes.subarray(start, start + lease.blocks * arenaBlockBytes);
      check(body.length === lease.blocks * arenaBlockBytes, 'the block lies in the memory');
      check(
        body.every((byte) => byte === lease.mark),
        'the body is as written when its reader frees it',
      );
      this.reader.free(lease.block, lease.generation);
    } else {
      this.arena.giveUp(lease.block);
    }
    if (!lease.freed || !lease.givenUp) return;
    this.leases.splice(this.leases.indexOf(lease), 1);
    this.ended.push(lease);
    this.#owners.fill(undefined, lease.block, lease.block + lease.blocks);
  }

  #allocate(byteLength: number): void {
    let blocks = 1;
    while (blocks * arenaBlockBytes < byteLength) blocks *= 2;
    const block = this.arena.allocate(byteLength);
    check(block >= 0 === this.#hasRoom(blocks), `${byteLength} bytes: ${block}`);
    if (block < 0) return;
    check(block % blocks === 0, 'the block is aligned');
    for (let at = block; at < block + blocks; at++) check(this.#owners[at] === undefined, 'the block is nobody else’s');
    const mark = ++this.#marks & 255;
    const lease = { block, generation: this.arena.generation(block), blocks, mark, freed: false, givenUp: false };
    const start = this.arena.offset(block);
    this.arena.bytes.fill(mark, start, start + blocks * arenaBlockBytes);
    this.#owners.fill(lease, block, block + blocks);
    this.leases.push(lease);
  }

  #hasRoom(blocks: number): boolean {
    for (let block = 0; block + blocks <= this.#owners.length; block += blocks) {
      if (this.#owners.slice(block, block + blocks).every((owner) => owner === undefined)) return true;
    }
    return false;
  }
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

test('blocks never overlap, are refused only when there is no room, and all join again, whatever the order', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 16, 32),
      fc.array(step, { maxLength: 200, size: 'max' }),
      fc.boolean(),
      (blocks, script, freeFirst) => {
        const dataBytes = blocks * arenaBlockBytes;
        const mapped = new MappedArena(Arena.allocate(dataBytes), blocks);
        for (const one of script) mapped.do(one);
        const flags = freeFirst ? (['freed', 'givenUp'] as const) : (['givenUp', 'freed'] as const);
        for (const flag of flags) {
          for (const lease of [...mapped.leases]) if (!lease[flag]) mapped.end(lease, flag);
        }
        check(mapped.arena.leased === 0, 'nothing is leased');
        mapped.do({ type: 'allocate', bytes: dataBytes });
        check(mapped.leases.length === 1, 'all blocks have joined');
      },
    ),
    { numRuns: 300 },
  );
  t.pass();
});

test('a block that was given up before its reader freed it is used again only after', (t) => {
  const memory = Arena.allocate(arenaBlockBytes);
  const arena = new Arena(memory);
  const reader = new ArenaReader(memory);
  const block = arena.allocate(10);
  arena.giveUp(block);
  t.is(arena.allocate(10), -1);
  t.is(arena.leased, 1);
  reader.free(block, arena.generation(block));
  t.is(arena.leased, 0);
  t.is(arena.allocate(10), block);
});

test('a block that was freed is used again only when its request has ended', (t) => {
  const memory = Arena.allocate(arenaBlockBytes);
  const arena = new Arena(memory);
  const block = arena.allocate(10);
  new ArenaReader(memory).free(block, arena.generation(block));
  t.is(arena.leased, 1);
  t.is(arena.allocate(10), -1);
  arena.giveUp(block);
  t.is(arena.allocate(10), block);
});

test('a free of an earlier lease does not free this one', (t) => {
  const memory = Arena.allocate(arenaBlockBytes);
  const arena = new Arena(memory);
  const reader = new ArenaReader(memory);
  const block = arena.allocate(10);
  const first = arena.generation(block);
  arena.free(block, first);
  arena.giveUp(block);
  arena.allocate(10);
  for (const end of [reader, arena]) end.free(block, first);
  arena.giveUp(block);
  t.is(arena.leased, 1);
});

test('a block serves on when its generation comes round', (t) => {
  const memory = Arena.allocate(arenaBlockBytes);
  new Int32Array(memory, 0, 1)[0] = -6;
  const arena = new Arena(memory);
  const generations: number[] = [];
  for (let lease = 0; lease < 4; lease++) {
    const block = arena.allocate(10);
    generations.push(arena.generation(block));
    arena.free(block, (generations.at(-1)! + 2 ** 31 - 1) % 2 ** 31);
    t.is(arena.leased, 1);
    arena.free(block, generations.at(-1)!);
    arena.giveUp(block);
    t.is(arena.leased, 0);
  }
  t.deepEqual(generations, [2 ** 31 - 1, 0, 1, 2]);
});

test('a new owner has all of the memory, and frees of the old one’s leases change nothing', (t) => {
  const leases = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 3000 }), freed: fc.boolean() }), {
    maxLength: 16,
  });
  fc.assert(
    fc.property(leases, (wanted) => {
      const memory = Arena.allocate(16 * arenaBlockBytes);
      const reader = new ArenaReader(memory);
      const old = new Arena(memory);
      const before: { block: number; generation: number }[] = [];
      for (const { bytes, freed } of wanted) {
        const block = old.allocate(bytes);
        if (block < 0) continue;
        const generation = old.generation(block);
        before.push({ block, generation });
        if (!freed) continue;
        reader.free(block, generation);
        old.giveUp(block);
      }
      const arena = new Arena(memory);
      check(arena.leased === 0, 'nothing is leased');
      const isFree = new Int32Array(memory, 0, 16).every((word) => (word & 1) === 0);
      check(isFree, 'no word is busy');
      const whole = arena.allocate(16 * arenaBlockBytes);
      check(whole === 0, 'all is free');
      arena.free(whole, arena.generation(whole));
      arena.giveUp(whole);
      for (let count = 0; count < 16; count++) check(arena.allocate(1) >= 0, 'every block is free');
      for (const { block, generation } of before) reader.free(block, generation);
      for (let block = 0; block < 16; block++) arena.giveUp(block);
      check(arena.leased === 16, 'the new leases stand');
    }),
  );
  t.pass();
});

test('the largest body fills the arena; one byte more never fits; the empty one has a block', (t) => {
  const dataBytes = 64 * arenaBlockBytes;
  const arena = new Arena(Arena.allocate(dataBytes));
  t.is(arena.allocate(dataBytes + 1), -1);
  t.is(arena.allocate(2 ** 31 + 1), -1);
  const block = arena.allocate(dataBytes);
  t.is(block, 0);
  t.is(arena.allocate(0), -1);
  arena.free(block, arena.generation(block));
  arena.giveUp(block);
  t.not(arena.allocate(0), -1);
  t.is(arena.allocate(dataBytes), -1);
});

test('thousands of blocks that are given up first are all seen free', (t) => {
  const memory = Arena.allocate(4096 * arenaBlockBytes);
  const arena = new Arena(memory);
  const reader = new ArenaReader(memory);
  for (let round = 0; round < 3; round++) {
    const blocks = Array.from({ length: 4096 }, () => arena.allocate(1));
    t.is(new Set(blocks).size, 4096);
    for (const block of blocks) arena.giveUp(block);
    t.is(arena.leased, 4096);
    for (const block of blocks) reader.free(block, arena.generation(block));
  }
  t.is(arena.leased, 0);
});

test('the size of an arena is a power of two, from one block', (t) => {
  for (const size of [0, 1023, 1025, 3072, 2 ** 32]) {
    t.throws(() => Arena.allocate(size), { message: /power of two from 1024/ });
  }
});
