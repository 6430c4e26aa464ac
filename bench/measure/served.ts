// serveBench: what a server process of a scenario does for the process that measures it: says where it listens, what it has
// used, and stops when that process is gone. Servers of peers call it too.

export interface Usage {
  /** User and system time so far, µs: all threads, and all processes that serve. */
  cpuUs: number;
  /** Resident memory now, bytes: the sum over processes, so pages that they share count for each. */
  rssBytes: number;
}

/** What is told, in this order: the port once, then the usage each time that somebody asks. */
export interface ServedMessage extends Partial<Usage> {
  port?: number;
}

/** What a server was started for. */
export interface Served {
  /** The scenario's name: one server may know several. */
  readonly scenario: string;
  /** What the scenario says beside; the client is told the same. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** A child process or a cluster's worker, which calls answerUsage. */
export interface ServingProcess {
  send(message: object): unknown;
  once(event: 'message', hear: (message: unknown) => void): unknown;
}

/** How long a server has to stop when nobody is there any more to kill it, ms. */
const stopMaxMs = 5_000;

/** From this process's arguments. */
export function served(): Served {
  const [scenario = '', params = '{}'] = process.argv.slice(2);
  return { scenario, params: JSON.parse(params) };
}

/** In a process that was forked by ServerProcess. `others`: the processes that serve beside this one. */
export function serveBench(
  port: number,
  stop: () => unknown,
  others: () => readonly ServingProcess[] = () => [],
): void {
  const tell = (message: ServedMessage): void => void process.send?.(message);
  process.on('message', async (message) => {
    if (!asksUsage(message)) return;
    const usage = usageNow();
    for (const one of await Promise.all(others().map(usageOf))) {
      usage.cpuUs += one.cpuUs;
      usage.rssBytes += one.rssBytes;
    }
    tell(usage);
  });
  process.once('disconnect', async () => {
    setTimeout(() => process.exit(), stopMaxMs);
    try {
      await stop();
    } finally {
      process.exit();
    }
  });
  tell({ port });
}

/** In a process that serves beside the one that called serveBench, its parent. */
export function answerUsage(): void {
  process.on('message', (message) => {
    if (asksUsage(message)) process.send?.(usageNow());
  });
}

function usageOf(other: ServingProcess): Promise<Usage> {
  return new Promise((resolve) => {
    const hear = (message: unknown): void => {
      if (message instanceof Object && 'cpuUs' in message) resolve(message as Usage);
      else other.once('message', hear);
    };
    other.once('message', hear);
    other.send({ bench: 'usage' });
  });
}

function asksUsage(message: unknown): boolean {
  return message instanceof Object && 'bench' in message && message.bench === 'usage';
}

function usageNow(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuUs: user + system, rssBytes: process.memoryUsage.rss() };
}
