// How much faster two threads are than one: the same count in one piece, spread over the pool, and as a graph.

const base = `${process.argv[2] ?? 'http://127.0.0.1:7080'}/demo.Primes`;
const below = Number(process.argv[3] ?? 2_000_000);

async function timed(what: string, path: string): Promise<void> {
  const beganMs = performance.now();
  const answer = await fetch(`${base}/${path}`);
  const { primes, threads } = (await answer.json()) as { primes: number; threads: number };
  console.log(`${what}: ${primes} primes on ${threads} threads`);
  console.error(`  ${(performance.now() - beganMs).toFixed(0)} ms`);
}

await timed('spread', `spread?below=${below}`);
await timed('graph', `graph?below=${below}`);
