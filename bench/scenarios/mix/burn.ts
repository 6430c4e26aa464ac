// burn: what a heavy request of the scenario `mix` does, on all sides alike. Imports nothing, since the servers of peers load
// it too.

/** Of the thread that runs it, whatever else the machine does, ms. */
export const burnMs = 20;

export function burn(): void {
  const endUs = usedUs() + burnMs * 1000;
  while (usedUs() < endUs);
}

function usedUs(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}
