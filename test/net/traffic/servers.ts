// The servers of the traffic tests: one that answers, and one before it whose listeners forward or copy.

import { type Rig, startRig } from '../../faults/rig.ts';

/** Module paths from test/faults/services/, where a rig looks for them. */
const probe = '../../spine/services/probe.ts';
const work = '../../spine/services/work.ts';

/** test.Probe and test.Work, over both protocols. */
export function startBack(more = ''): Promise<Rig> {
  return startRig(`
io: { threads: 1 }
pools: { back: { threads: 1 } }
services:
  test.Probe:
    module: ${probe}
    pool: back
    compressAbove: 1KiB
    listen: ["heddle://127.0.0.1:0", "http://127.0.0.1:0"]
  test.Work: { module: ${work}, pool: back, listen: ["heddle://127.0.0.1:0"] }
${more}
`);
}

/** Settings of a server with test.Probe alone whose listeners have this `traffic`. */
export function frontYaml(traffic: string, more = '', protocols = ['heddle', 'http']): string {
  const listen = protocols.map((protocol) => `      - { address: "${protocol}://127.0.0.1:0", ${traffic} }`);
  return `
io: { threads: 1 }
pools: { front: { threads: 1 } }
services:
  test.Probe:
    module: ${probe}
    pool: front
    listen:
${listen.join('\n')}
${more}
`;
}

/** One listener, so that its target sees one connection. */
export function startNarrowFront(traffic: string, more = ''): Promise<Rig> {
  return startRig(frontYaml(traffic, more, ['heddle']));
}

export function startFront(traffic: string, more = ''): Promise<Rig> {
  return startRig(frontYaml(traffic, more));
}

export function targetOf(rig: Rig): string {
  return `heddle://127.0.0.1:${rig.port('heddle')}`;
}

/** How often the threads of a server have counted an event. */
export function counted(
  rig: Rig,
  event: 'forwarded' | 'forward-failed' | 'mirrored' | 'mirror-dropped' | 'mirror-failed',
): number {
  return rig.server.supervisor.counters.total(event);
}

/** Asks again and again until the answer is true; fails, saying what was awaited, after 20 s. */
export async function becomes(what: string, ask: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!(await ask())) {
    if (performance.now() > endMs) throw new Error(`not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Whether a call succeeds. */
export function works(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}
