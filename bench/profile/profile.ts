// profileServer: what a scenario's requests cost Heddle's server, looked at from within: processor time and bytes of each
// thread, profiles of all threads at once, folded into one tree. The load comes from the scenario's own client.

import { ClientProcess } from '../measure/client-process.ts';
import type { OwnSide, Shape } from '../measure/comparison.ts';
import { type Frame, foldProfiles, hottestFunctions, placeOf, shareOf, type ThreadProfile } from './fold.ts';
import type { ProfiledThread, ProfileReport } from './profile-report.ts';
import { RecordedServer, type Used } from './recorded-server.ts';
import type { HeapNode, RecordedThread } from './recorder.ts';

/** What is profiled: one side of a scenario under one load. */
export interface ProfileSubject {
  /** As it is asked for: a scenario may have several. */
  readonly name: string;
  readonly scenario: string;
  readonly own: OwnSide;
  readonly shape: Shape;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface ProfileOptions {
  /** For all of it, starts apart, s. */
  readonly seconds: number;
  readonly onStep: (step: string) => void;
}

export interface Profile {
  readonly report: ProfileReport;
  readonly frames: Frame;
}

/** Of the time. */
const shares = {
  warmUp: 0.2,
  counting: 0.2,
  cpuProfile: 0.2,
  heapProfile: 0.05,
  collectorWarmUp: 0.1,
  collector: 0.25,
};
/** Between two samples: more of them would cost the thread that is measured. */
const sampleEveryMs = 1;
/** Mean distance of samples, bytes: a server of 200,000 requests a second allocates hundreds of MB in one. */
const sampleEveryBytes = 32_768;
const hottestMax = 15;
const allocatorsMax = 6;
/** A thread with less of the process's processor time has nothing to do with requests. */
const busyShareMin = 0.01;

/** Rejects when a request has failed: then it is no measurement. */
export async function profileServer(subject: ProfileSubject, { seconds, onStep }: ProfileOptions): Promise<Profile> {
  const ms = (of: keyof typeof shares): number => shares[of] * seconds * 1000;
  const { used, answers, perSecond, profiled, heaps } = await lookInto(subject, ms, onStep);
  onStep('how much of it is garbage collection');
  await using side = await Loaded.start(subject, ['--single-threaded-gc']);
  await side.load(ms('collectorWarmUp'));
  const alone = await side.cpuProfile(ms('collector'));

  const cpuUs = used.cpuUs / answers;
  const busy = used.threads.filter((thread) => thread.cpuUs >= busyShareMin * used.cpuUs);
  const isBusy = ({ name }: { readonly name: string }): boolean => busy.some((thread) => thread.name === name);
  const frames = foldProfiles(profiled.threads.filter(isBusy));
  const collected = foldProfiles(alone.threads.filter(isBusy));
  if (collected.total === 0) throw new Error('no thread that requests need was found in the second server');
  const report: ProfileReport = {
    scenario: subject.name,
    shape: subject.shape.name,
    method: methodOf(seconds),
    answers,
    perSecond,
    cpuUs,
    otherCpuUs: Math.max(0, cpuUs - busy.reduce((sum, thread) => sum + thread.cpuUs, 0) / answers),
    threads: busy.map(({ name, cpuUs, allocatedBytes }): ProfiledThread => {
      const collector = collected.children.get(name);
      return {
        name,
        cpuUs: cpuUs / answers,
        bytes: allocatedBytes === undefined ? undefined : allocatedBytes / answers,
        gcShare: collector === undefined ? undefined : shareOf(collector, 'gc'),
        allocators: allocatorsOf(heaps.threads.find((thread) => thread.name === name)?.heap?.head, heaps.answers),
      };
    }),
    gcShare: (shareOf(collected, 'gc') * collected.total) / alone.cpuUs,
    hottest: hottestFunctions(frames, hottestMax).map(({ self, ...where }) => ({
      ...where,
      share: self / frames.total,
    })),
  };
  return { report, frames };
}

/** The first server: as it is. */
async function lookInto(
  subject: ProfileSubject,
  ms: (of: keyof typeof shares) => number,
  onStep: (step: string) => void,
) {
  onStep('warming up');
  await using side = await Loaded.start(subject, []);
  await side.load(ms('warmUp'));
  onStep('counting processor time and bytes');
  const counted = await side.used(ms('counting'));
  onStep('CPU profile');
  const profiled = await side.cpuProfile(ms('cpuProfile'));
  onStep('heap profile');
  let answers = 0;
  const threads = await side.server.profile({ record: 'heap', sampleEveryBytes }, async () => {
    ({ answers } = await side.load(ms('heapProfile')));
  });
  return { ...counted, profiled, heaps: { threads, answers } };
}

function methodOf(seconds: number): string[] {
  const times = Object.values(shares).map((share) => (share * seconds).toFixed(1));
  return [
    `A closed loop; ${seconds} s: ${times[0]} s to warm up, ${times[1]} s in which processor time and bytes are counted with no profiler at work`,
    '(by Node for each thread, and by V8’s counter of all that is allocated in its JavaScript heap; buffers lie outside of it),',
    `${times[2]} s of V8’s CPU profiler on all threads but main, which touches no request, a sample each ${sampleEveryMs} ms, ${times[3]} s of its`,
    'sampling heap profiler. Idle samples are left out; but V8 takes for idle what a thread does between two callbacks, system calls',
    'that wait for and read sockets among it: that is what Node says the thread has used, less its samples.',
    `Collecting: of the processor time of a second server, ${times[5]} s after ${times[4]} s, whose V8 collects on the thread itself`,
    '(--single-threaded-gc), so that the profiler sees all of it; in the first, V8’s own threads do a part.',
  ];
}

/** A server that can be looked into, with a client that is connected to it. */
class Loaded implements AsyncDisposable {
  readonly server: RecordedServer;
  readonly #client: ClientProcess;
  readonly #shape: Shape;

  private constructor(server: RecordedServer, client: ClientProcess, shape: Shape) {
    this.server = server;
    this.#client = client;
    this.#shape = shape;
  }

  static async start({ scenario, own, shape, ...subject }: ProfileSubject, flags: readonly string[]): Promise<Loaded> {
    await using stack = new AsyncDisposableStack();
    const params = { ...subject.params, ...own.params };
    const server = stack.use(await RecordedServer.start(own.server, [scenario, JSON.stringify(params)], flags));
    const client = stack.use(await ClientProcess.start(`client of ${own.name}`, own.client));
    const { connections, loads } = shape;
    const inFlight = loads.reduce(
      (sum, { shape }) => sum + (shape.kind === 'open' ? shape.maxInFlight : shape.inFlight),
      0,
    );
    await client.open({ scenario, port: server.port, connections, inFlight, params: { ...params, ...shape.params } });
    stack.move();
    return new Loaded(server, client, shape);
  }

  /** Under load, with no profiler at work. */
  async used(durationMs: number): Promise<{ used: Used; answers: number; perSecond: number }> {
    let figures = { answers: 0, perSecond: 0 };
    const used = await this.server.used(async () => {
      figures = await this.load(durationMs);
    });
    return { used, ...figures };
  }

  /** Under load. */
  async cpuProfile(durationMs: number): Promise<{ cpuUs: number; threads: ThreadProfile[] }> {
    let recorded: readonly RecordedThread[] = [];
    const order = { record: 'cpu', sampleEveryMs } as const;
    const { cpuUs, threads } = await this.server.used(async () => {
      recorded = await this.server.profile(order, () => this.load(durationMs));
    });
    const profiles = threads.flatMap(({ name, cpuUs }) => {
      const cpu = recorded.find((thread) => thread.name === name)?.cpu;
      return cpu === undefined ? [] : [{ name, cpu, cpuUs }];
    });
    return { cpuUs, threads: profiles };
  }

  async load(durationMs: number): Promise<{ answers: number; perSecond: number }> {
    const figures = await this.#client.run(this.#shape.loads, durationMs, 1);
    const failure = figures.find(({ failed }) => failed > 0);
    if (failure !== undefined) throw new Error(`${failure.failed} requests have failed: ${failure.failure}`);
    const sum = (of: 'answers' | 'perSecond'): number => figures.reduce((all, one) => all + one[of], 0);
    return { answers: sum('answers'), perSecond: sum('perSecond') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

function allocatorsOf(head: HeapNode | undefined, answers: number): ProfiledThread['allocators'] {
  const found = new Map<string, number>();
  const visit = ({ callFrame, selfSize, children }: HeapNode): void => {
    const where = `${callFrame.functionName || '(anonymous)'} ${placeOf(callFrame)}`.trimEnd();
    if (selfSize > 0) found.set(where, (found.get(where) ?? 0) + selfSize);
    for (const child of children) visit(child);
  };
  if (head !== undefined) visit(head);
  const sorted = [...found].sort(([, left], [, right]) => right - left).slice(0, allocatorsMax);
  return sorted.map(([where, bytes]) => ({ where, bytes: bytes / answers }));
}
