// serveBench: what a server process of a scenario does for the process that measures it: says where it listens, how much
// processor time it has used, and stops when that process is gone. Peers' servers do the same.

/** What is told, in this order: the port once, then the processor time each time that somebody asks. */
export interface ServedMessage {
  port?: number;
  /** User and system time of all threads, µs. */
  cpuUs?: number;
}

/** In a process that was forked by ServerProcess. */
export function serveBench(port: number, stop: () => Promise<unknown>): void {
  const tell = (message: ServedMessage): void => void process.send?.(message);
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    tell({ cpuUs: user + system });
  });
  process.once('disconnect', () => void stop());
  tell({ port });
}
